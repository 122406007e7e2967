// Texts of the explanation dialog. They extend those of the page.

import { displayName } from './format.js';

export const TEXTS = {
  en: {
    close: 'Close',
    loading: 'Loading …',
    noResponse: 'No response from the service. Close this dialog and try again.',
    noCases: 'There are no cases behind this value.',
    numerator: 'Numerator', denominator: 'Denominator', counted: 'Counted',
    total: (title, count) => `${title}: ${count}`,
    part: (count, name) => `${count} ${name}`,
    measureWords: {},
    excluded: 'Excluded',
    excludedPart: (count, reason) => `${count}: ${reason}`,
    latestCases: (n) => `Latest of ${n} cases`,
    caseColumns: ['Time', 'Case', 'Outcome', 'Value'],
    repeatedBy: (subject) => `Repeated by ${subject}`,
    asOf: (time) => `As of ${time}`,
    misses: (n) => `Budget left: the target still allows ${n} misses.`,
    missesOver: (n, recover) => `Over budget by ${n} misses.${
      recover === null ? '' : ` ${recover} good cases in a row would restore the target.`}`,
    commitmentsTitle: 'Commitments', timeline: 'Timeline',
    due: (time) => `due ${time}`,
    courses: {
      overdue: 'overdue', due_soon: 'due soon', running: 'running', stopped: 'paused',
      kept: 'kept', missed: 'missed', excused: 'excused', void: 'void', over: 'closed unfulfilled',
    },
    event: (type) => displayName(type.replace('.', ' ')),
    fields: {
      wait_seconds: 'wait', talk_seconds: 'talk', hold_seconds: 'hold', wrapup_seconds: 'wrap-up',
    },
    values: { true: 'yes', false: 'no' },
    field: (name, value) => `${displayName(name)}: ${value}`,
    unnamed: displayName,
  },
  zh: {
    close: '关闭',
    loading: '正在加载……',
    noResponse: '服务无响应，请关闭后重试。',
    noCases: '该数值没有对应的明细。',
    numerator: '分子', denominator: '分母', counted: '统计对象',
    total: (title, count) => `${title}：${count}`,
    part: (count, name) => `${name}：${count}`,
    measureWords: {
      call: '通', repair: '件', install: '件', move: '件', complaint: '件', parts: '件', survey: '份',
    },
    excluded: '未计入',
    excludedPart: (count, reason) => `${reason}：${count}`,
    latestCases: (n) => `最新明细（共 ${n} 条）`,
    caseColumns: ['时间', '编号', '结果', '数值'],
    repeatedBy: (subject) => `再次接触：${subject}`,
    asOf: (time) => `统计截至 ${time}`,
    misses: (n) => `剩余容错：目标还允许 ${n} 次失误。`,
    missesOver: (n, recover) =>
      `超出容错 ${n} 次${recover === null ? '' : `，需连续达标 ${recover} 次才能恢复`}。`,
    commitmentsTitle: '服务承诺', timeline: '处理经过',
    due: (time) => `时限 ${time}`,
    courses: {
      overdue: '已超时', due_soon: '即将到期', running: '计时中', stopped: '已暂停',
      kept: '已兑现', missed: '未兑现', excused: '已免责', void: '已作废', over: '未兑现即关闭',
    },
    event: (type, families) => {
      const [family, verb] = type.split('.');
      const name = VERBS[verb];
      if (!name) return `（${type}）`;
      const prefix = families[family] ?? FAMILIES[family];
      return prefix ? prefix + name : `${name}（${family}）`;
    },
    fields: {
      center: '中心', queue: '队列', region: '区域', channel: '渠道', tier: '客户等级',
      product: '产品', class: '类别', grade: '级别', area: '片区',
      due: '时限', appointment: '预约时间', owner: '责任人', liable: '责任方', reason: '原因',
      to: '转至', level: '升级层级', resolved: '是否解决', satisfied: '是否满意', answer: '评分',
      state: '状态', word: '说明', wait_seconds: '等待', talk_seconds: '通话', hold_seconds: '保持',
      wrapup_seconds: '话后处理',
    },
    values: {
      true: '是', false: '否', customer: '客户', third_party: '第三方', force_majeure: '不可抗力',
      ready: '空闲', talking: '通话', wrapup: '话后处理', pause: '小休', offline: '离线',
    },
    field: (name, value) => (value.startsWith('（') ? name + value : `${name}：${value}`),
    unnamed: (id) => `（${id}）`,
  },
};

const FAMILIES = { call: '通话', queue: '排队', survey: '评价', agent: '坐席' };
const VERBS = {
  offered: '呼入', answered: '应答', abandoned: '放弃', overflowed: '溢出', transferred: '转接',
  ended: '结束', lost: '信息丢失', joined: '取号', called: '叫号', left: '离开', served: '办结',
  rated: '提交', changed: '状态变更', opened: '受理', assigned: '派单', arrived: '到场',
  replied: '回复', paused: '暂停', resumed: '恢复', resolved: '办结', confirmed: '回访确认',
  reopened: '重开', escalated: '升级', cancelled: '取消',
};
