// The words of the dialog behind a number.

export const TEXTS = {
  en: {
    close: 'Close',
    asking: 'Asking the service …',
    notAnswered: 'The service gave no answer. Close this and try again.',
    noCases: 'There are no cases behind this number.',
    numerator: 'Numerator', denominator: 'Denominator', counted: 'Counted',
    leftOut: 'Left out, and why',
    newestCases: (n) => `The newest of ${n}`,
    caseColumns: ['Time', 'Case', 'What happened', 'Value'],
    askedAt: (clock) => `As counted at ${clock}`,
    budgetLeft: (n) => `The target still allows ${n} misses.`,
    budgetOver: (n, recover) => `${n} misses too many${recover === null ? '' : `; ${recover} good cases in a row would repair it`}.`,
    promises: 'Promises', events: 'What happened',
    courses: { overdue: 'overdue', due_soon: 'due soon', running: 'running', stopped: 'paused', kept: 'kept', missed: 'missed', late: 'late', void: 'void' },
  },
  zh: {
    close: '关闭',
    asking: '正在查询……',
    notAnswered: '服务没有响应，请关闭后重试。',
    noCases: '该数字没有对应的明细。',
    numerator: '分子', denominator: '分母', counted: '统计对象',
    leftOut: '未计入及原因',
    newestCases: (n) => `最近的明细（共 ${n}）`,
    caseColumns: ['时间', '编号', '事实', '数值'],
    askedAt: (clock) => `统计截至 ${clock}`,
    budgetLeft: (n) => `目标还允许 ${n} 次失误。`,
    budgetOver: (n, recover) => `失误已超出 ${n} 次${recover === null ? '' : `；需连续 ${recover} 件达标才能恢复`}。`,
    promises: '时限承诺', events: '经过',
    courses: { overdue: '已超时', due_soon: '即将到期', running: '进行中', stopped: '已暂停', kept: '按时', missed: '未按时', late: '迟办', void: '作废' },
  },
};
