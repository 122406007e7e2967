// English texts of the page, except those of the standard. `texts.zh.js` has the same keys.

export const texts = {
  overview: 'All centers',
  back: '‹ All centers',
  centers: 'Centers',
  centersCaption: 'Centers, most breaches first',
  callQueues: 'Call queues',
  hallQueues: 'Service hall queues',
  queuesCaption: (group) => `${group}, most breaches first`,
  headline: 'Indicators',
  ranking: 'Center comparison',
  worstFirst: 'worst first', bestFirst: 'best first',
  agents: 'Agents',
  agentStates: { ready: 'ready', talking: 'talking', wrapup: 'wrap-up', pause: 'on break' },
  orders: 'Orders due',
  risks: { overdue: 'overdue', due_soon: 'due soon', running: '' },
  overdueOrders: (n) => n > 0 && `${n} overdue`,
  dueSoonOrders: (n) => n > 0 && `${n} due soon`,
  moreOrders: (n) => (n === null ? 'and more' : `and ${n} more`),
  noOrders: 'No open orders with a deadline',
  families: {
    repair: 'Repair', install: 'Installation', move: 'Relocation', complaint: 'Complaint',
    parts: 'Parts',
  },
  commitments: {},
  withClass: (title, name) => `${title} · ${name}`,
  budgetLeft: (n) => `budget left ${n}`,
  overBudget: (n) => `over budget ${n}`,

  pages: 'Pages', pause: 'Pause', resume: 'Resume',
  allowSound: 'Click to enable sound',
  announceBreaches: (targets, more) =>
    `Target breached: ${targets.join('; ')}${more ? ` and ${more} more` : ''}`,
  scoped: (scope, title) => `${scope}: ${title}`,

  met: 'On target', warning: 'Warning', breached: 'Breached', none: '',
  no_traffic: 'No traffic', noneWaiting: 'None waiting', small_sample: 'Few cases',
  contacts: 'Counts contacts', legs: 'Counts legs',
  stale: 'Stale', unknown: 'No data', no_data: 'No data', provisional: 'provisional',
  knownSince: (time) => `since ${time}`,

  allMet: 'All on target', someMet: (n) => `${n} on target`,
  waiting: 'Waiting for data',
  notEvaluated: 'No target can be evaluated yet',
  breaches: (n) => n > 0 && `${n} breached`,
  warnings: (n) => n > 0 && `${n} warning${n > 1 ? 's' : ''}`,
  breachedCenters: (name, more) => `Breached: ${name}${more ? ` and ${more} more` : ''}`,
  centerUnknown: (name) => `No data for “${name}”. Check the name of the center in the address.`,

  live: 'live',
  updated: (age) => `updated ${age} ago`,
  target: 'target',
  now: 'now', interval15: 'current 15 min', interval30: 'current 30 min',
  today: 'today', week: 'this week', month: 'this month', last: '',
  cases: (n) => (n === '1' ? '1 case' : `${n} cases`),
  p90: (duration, n) => `P90 ${duration} (${n})`,
  minutes: 'min', wholeMinutes: 'min', hours: 'h', seconds: 's', days: 'd',

  connecting: 'Connecting to the service …',
  noStandard: 'Service unavailable. Retrying …',
  tokenMissing: 'Authentication required: the address has no token (#token=…).',
  tokenRefused: 'Authentication failed: the token is invalid or revoked. Set a new address.',
  lost: (time) => `Connection lost at ${time}. Showing the last values received.`,
  lagging: (time) => `Connected, but no new figures since ${time}.`,
  clockOff: (time, ahead) =>
    `The server clock was set ${ahead ? 'forward' : 'back'}. Figures are as of ${time}.`,
  calendarEnded: (calendar, day) =>
    `Calendar ${calendar} has no holidays after ${day}. Deadlines may be too early.`,
  since: (age) => `for ${age}`,
  configure: 'Configure display',
  legend: (time) =>
    `Line: last 8 h or since ${time} · dashed: target · budget: misses still allowed today`,
};
