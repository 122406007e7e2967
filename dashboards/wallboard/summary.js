// What a page amounts to, for its heading.

import { trouble } from './verdict.js';

export function sumUp(verdicts, texts) {
  const { missed, near, judged } = trouble(verdicts);
  if (missed) return { verdict: 'missed', text: [texts.missedTargets(missed), near && texts.nearTargets(near)].filter(Boolean).join(' · ') };
  if (near) return { verdict: 'near', text: texts.nearTargets(near) };
  if (judged) return { verdict: 'met', text: texts.allMet };
  const unknown = verdicts.every((verdict) => verdict === 'unknown');
  return { verdict: 'plain', text: unknown ? texts.waiting : texts.unjudged };
}

/** The same for a page of many centers: the first of those in trouble is named. */
export function sumUpCenters(rows, verdicts, texts) {
  const bad = rows.filter((row) => row.sum.missed > 0);
  if (bad.length) return { verdict: 'missed', text: texts.inTrouble(bad[0].name, bad.length - 1) };
  return sumUp([...verdicts, ...rows.flatMap((row) => spread(row.sum))], texts);
}

const spread = ({ near, judged }) => [...Array(near).fill('near'), ...Array(judged - near).fill('met')];
