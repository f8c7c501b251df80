import { make } from './dom.js';
import { findingOf, text } from './texts.js';

const grades = { ok: 'good', warn: 'fair', failed: 'bad' };

/** A word with a coloured mark before it. */
export function pill(grade, word) { return make('span', { class: `pill ${grade}` }, word); }

export function waiting() { return make('p', { class: 'quiet', role: 'status', 'data-test': 'checking' }, text('checking')); }

/** What an examination of a trunk found: part by part, the advice under its line, and the outcome first. */
export function reportOf({ ok, lines }) {
  const hasWarnings = lines.some(({ verdict }) => verdict === 'warn');
  const outcome = !ok ? ['bad', 'checkFailed'] : hasWarnings ? ['fair', 'checkWarned'] : ['good', 'checkGood'];
  const steps = [...new Set(lines.map(({ step }) => step))];
  return make('div', { class: 'report', role: 'status', 'data-test': 'report' },
    make('p', { class: 'outcome', 'data-test': 'outcome' }, pill(outcome[0], text(outcome[1]))),
    ...steps.map((step) => make('section', {}, make('h3', {}, text(`step_${step}`) || step),
      make('ul', {}, ...lines.filter((line) => line.step === step).map(lineOf)))));
}

function lineOf({ verdict, text: words, advice }) {
  const line = make('li', {}, pill(grades[verdict] ?? 'idle', text(`verdict_${verdict}`)), make('span', { class: 'said' }, findingOf(words)));
  if (advice) line.append(make('p', { class: 'advice' }, `→ ${findingOf(advice)}`));
  return line;
}
