// Texts of the configuration page.

export const TEXTS = {
  en: {
    title: 'Configure display',
    about: 'Select what a display shows. Its address holds all settings.',
    pages: 'Pages', pagesSmall: 'several pages rotate', every: 'seconds per page',
    language: 'Language',
    theme: 'Colors', themes: { dark: 'dark', light: 'light', auto: 'system setting' },
    window: 'Time window',
    rank: 'Rank centers by', first: { worst: 'worst first', best: 'best first' },
    tiles: 'Tiles', tilesSmall: 'default tiles if none is selected',
    sound: 'Sound', soundOn: 'chime when a target is breached',
    preview: 'Preview', address: 'Address', copy: 'Copy', copied: 'Copied',
    token: 'If the service requires authentication, append #token= and the token of the display.',
    noPage: 'Select a page.', noResponse: 'No response from the service. Reload this page.',
    authentication:
      'Authentication required: append #token= and your token to the address of this page.',
  },
  zh: {
    title: '配置大屏',
    about: '选择大屏显示的内容，所有设置都保存在网址中。',
    pages: '页面', pagesSmall: '多页轮播', every: '秒/页',
    language: '语言',
    theme: '配色', themes: { dark: '深色', light: '浅色', auto: '跟随系统' },
    window: '统计时段',
    rank: '中心排名依据', first: { worst: '由差到好', best: '由好到差' },
    tiles: '指标卡片', tilesSmall: '不选则显示默认指标',
    sound: '提示音', soundOn: '指标转为未达标时播放',
    preview: '预览', address: '网址', copy: '复制', copied: '已复制',
    token: '若服务需要身份验证，请在网址后加上 #token= 和该大屏的令牌。',
    noPage: '请选择页面。', noResponse: '服务无响应，请重新加载本页。',
    authentication: '需要身份验证：请在本页网址后加上 #token= 和令牌。',
  },
};
