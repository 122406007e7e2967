// The words of the page that makes addresses.

export const TEXTS = {
  en: {
    title: 'Make a wall',
    about: 'Choose what a screen shows; its address holds everything, so that it needs no hand.',
    pages: 'Pages', pagesSmall: 'several take turns', every: 'seconds for each page',
    language: 'Language', theme: 'Colours', themes: { dark: 'dark', light: 'light', auto: 'as the screen wants' },
    window: 'Figures of', rank: 'Centers are ranked by', first: { worst: 'worst first', best: 'best first' },
    tiles: 'Tiles', tilesSmall: 'none chosen: the usual ones',
    sound: 'Sound', soundOn: 'two notes when a target is newly missed',
    preview: 'The wall in small', address: 'The address', copy: 'Copy', copied: 'Copied',
    token: 'If the service asks for tokens, write #token= and the token of the wall behind it.',
    noPage: 'Choose a page.', noAnswer: 'The service gave no answer; load this page again.',
    refused: 'The service asks for a token: put #token= and yours behind the address of this page.',
  },
  zh: {
    title: '配置大屏',
    about: '选择屏幕上显示的内容；全部设置都在网址里，大屏无需任何操作。',
    pages: '页面', pagesSmall: '多页轮播', every: '秒/页',
    language: '语言', theme: '配色', themes: { dark: '深色', light: '浅色', auto: '跟随屏幕' },
    window: '统计时段', rank: '各中心排名依据', first: { worst: '由差到好', best: '由好到差' },
    tiles: '指标卡片', tilesSmall: '不选则为常用指标',
    sound: '提示音', soundOn: '有指标新近未达标时响两声',
    preview: '大屏预览', address: '网址', copy: '复制', copied: '已复制',
    token: '若服务需要令牌，请在网址后加上 #token= 和该大屏的令牌。',
    noPage: '请选择页面。', noAnswer: '服务没有响应，请重新加载本页。',
    refused: '服务需要令牌：请在本页网址后加上 #token= 和令牌。',
  },
};
