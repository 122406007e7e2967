// Every word on the page that does not come from the standard, in English and Chinese.

const TEXTS = {
  en: {
    overview: 'All centers',
    back: '‹ All centers',
    centers: 'Centers',
    centersCaption: 'Centers, those in trouble first',
    callQueues: 'Call queues',
    hallQueues: 'Hall queues',
    queuesCaption: (group) => `${group}, those in trouble first`,
    headline: 'Indicators',

    met: 'met', near: 'near', missed: 'missed',
    no_traffic: 'no traffic', none: 'none now', few: 'few cases', stale: 'stale', unknown: 'no data', plain: '', provisional: 'provisional',

    allMet: 'All targets met',
    waiting: 'Waiting for data',
    unjudged: 'Nothing to judge yet',
    missedTargets: (n) => (n === 1 ? '1 target missed' : `${n} targets missed`),
    nearTargets: (n) => `${n} near`,
    inTrouble: (name, more) => (more ? `${name} and ${more} more miss targets` : `${name} misses targets`),
    centerUnknown: (name) => `No readings for “${name}”. Is the center spelled as in the events?`,

    live: 'live',
    asOf: (age) => `as of ${age} ago`,
    target: 'target',
    now: 'now', interval15: 'this quarter hour', interval30: 'this half hour', today: 'today', week: 'this week', month: 'this month', last: '',
    cases: (n) => (n === '1' ? '1 case' : `${n} cases`),
    minutes: 'min', hours: 'h', seconds: 's', days: 'd',

    connecting: 'Connecting to the service …',
    noStandard: 'The service does not answer. Trying again …',
    tokenMissing: 'This wall is not let in: its address needs a token (#token=…). Ask whoever runs the service.',
    tokenRefused: 'This wall is not let in: its token is refused. Ask whoever runs the service for a new address.',
    lost: (clock) => `Connection lost at ${clock}. These are the last values, not live ones.`,
    lagging: (clock) => `Connected, but the service's figures stand still since ${clock}.`,
    clockOff: (time, ahead) => `The server's clock was set ${ahead ? 'ahead' : 'back'}; these figures go by ${time}`,
    since: (age) => `for ${age}`,
    legendNear: 'near the target', legendMissed: 'target missed', legendMet: 'target met',
    legendLine: (clock) => `line: since ${clock}, dashed: target`,
  },
  zh: {
    overview: '全部中心',
    back: '‹ 全部中心',
    centers: '中心',
    centersCaption: '各中心（问题多的在前）',
    callQueues: '话务队列',
    hallQueues: '营业厅队列',
    queuesCaption: (group) => `${group}（问题多的在前）`,
    headline: '指标',

    met: '达标', near: '临界', missed: '未达标',
    no_traffic: '无业务量', none: '当前无', few: '样本少', stale: '数据过期', unknown: '无数据', plain: '', provisional: '暂定',

    allMet: '全部达标',
    waiting: '等待数据',
    unjudged: '暂无可评判的数据',
    missedTargets: (n) => `${n} 项未达标`,
    nearTargets: (n) => `${n} 项临界`,
    inTrouble: (name, more) => (more ? `${name}等 ${more + 1} 个中心有指标未达标` : `${name}有指标未达标`),
    centerUnknown: (name) => `没有“${name}”的数据，请核对中心名称是否与事件中一致。`,

    live: '实时',
    asOf: (age) => `${age}前的数据`,
    target: '目标',
    now: '当前', interval15: '当前一刻钟', interval30: '当前半小时', today: '今日', week: '本周', month: '本月', last: '近',
    cases: (n) => `${n} 件`,
    minutes: '分', hours: '小时', seconds: '秒', days: '天',

    connecting: '正在连接服务……',
    noStandard: '服务没有响应，正在重试……',
    tokenMissing: '本屏未获准访问：网址中缺少令牌（#token=…），请联系系统管理员。',
    tokenRefused: '本屏未获准访问：令牌被拒绝，请联系系统管理员更换网址。',
    lost: (clock) => `连接已于 ${clock} 中断，以下为最后一次收到的数据，并非实时。`,
    lagging: (clock) => `连接正常，但服务端数据自 ${clock} 起没有更新。`,
    clockOff: (time, ahead) => `服务器时钟被${ahead ? '拨快' : '拨慢'}；以下数据按 ${time} 计算`,
    since: (age) => `已 ${age}`,
    legendNear: '接近目标', legendMissed: '未达标', legendMet: '达标',
    legendLine: (clock) => `曲线：自 ${clock} 起，虚线为目标`,
  },
};

export function textsFor(lang) {
  return TEXTS[lang];
}
