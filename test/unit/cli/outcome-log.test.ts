import { expect, test } from 'vitest';
import { OutcomeLog } from '../../../src/cli/outcome-log.ts';
import type { ProgressEvent } from '../../../src/progress.ts';
import { outcome } from '../../support/report.ts';

function found(image: 'fat' | 'slim', summary: string): ProgressEvent {
  return { kind: 'outcomes', image, outcomes: [outcome('p', summary, 1)] };
}

const VERIFY: ProgressEvent = { kind: 'stage-start', stage: 'verify', text: 'replaying' };

function rowsAfter(events: readonly ProgressEvent[]) {
  const log = new OutcomeLog();
  const passed: ProgressEvent[] = [];
  const sink = log.before((event) => passed.push(event));
  for (const event of events) sink(event);
  expect(passed).toEqual(events);
  return log.rows().map(({ probe, fat, slim, equal }) => [probe, fat.summary, slim?.summary, equal]);
}

test('the last outcome of a probe counts, for each image', () => {
  const events = [found('fat', 'first'), found('fat', 'second'), VERIFY, found('slim', 'third')];
  expect(rowsAfter(events)).toEqual([['p', 'second', 'third', null]]);
});

test('a further round forgets what the slim image before it did', () => {
  expect(rowsAfter([found('fat', 'a'), VERIFY, found('slim', 'b'), VERIFY])).toEqual([['p', 'a', undefined, null]]);
});
