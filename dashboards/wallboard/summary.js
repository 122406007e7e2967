// Summary of a page for its heading.

import { join } from './format.js';
import { countStatuses } from './status.js';

export function summarize(statuses, texts) {
  const { breached, warning, evaluated, unsure } = countStatuses(statuses);
  const text = countText({ breached, warning }, texts);
  if (text) return { status: breached ? 'breached' : 'warning', text };
  if (evaluated) return { status: 'met', text: unsure ? texts.someMet(evaluated) : texts.allMet };
  const waiting = statuses.every((status) => ['unknown', 'no_data'].includes(status));
  return { status: 'none', text: waiting ? texts.waiting : texts.notEvaluated };
}

export const countText = ({ breached, warning }, texts) =>
  join(texts.breaches(breached), texts.warnings(warning));

export function summarizeCenters(rows, statuses, texts) {
  const bad = rows.filter((row) => row.counts.breached > 0);
  if (bad.length) {
    return { status: 'breached', text: texts.breachedCenters(bad[0].name, bad.length - 1) };
  }
  return summarize([...statuses, ...rows.flatMap((row) => expand(row.counts))], texts);
}

const expand = ({ warning, evaluated, unsure }) => [
  [warning, 'warning'], [evaluated - warning, 'met'], [unsure, 'stale'],
].flatMap(([count, status]) => Array(count).fill(status));
