import { describe, expect, it } from 'vitest';
import { TraceSlimError } from '../../../src/errors.ts';
import { failedOutcome } from '../../../src/probe/outcome.ts';
import type { Outcome } from '../../../src/probe/types.ts';
import type { RunRecord } from '../../../src/trace/record.ts';
import { compareRuns } from '../../../src/verify/verify.ts';

const works: Outcome = {
  probe: 'http GET :80/',
  ok: true,
  summary: '200',
  durationMs: 1,
  facts: [{ name: 'status', value: '200', compare: 'exact' }],
};
const fails = failedOutcome('http GET :80/', 'no answer within 30 s', performance.now());

function run(...outcomes: Outcome[]): RunRecord {
  const completeness = { complete: true, losses: [], notes: [], lines: 1, unparsedLines: 0, unparsedSamples: [] };
  return { outcomes, trace: { accesses: [], completeness }, listening: [80], readyMs: 1, durationMs: 1 };
}

const isEqual = (fat: readonly [RunRecord, ...RunRecord[]], slim: RunRecord) =>
  compareRuns(fat, slim).map(({ equal }) => equal);

describe('compareRuns', () => {
  it('finds a failure of the slim image although one run of the fat image failed alike', () => {
    expect(isEqual([run(works), run(works), run(fails)], run(fails))).toEqual([false]);
    expect(isEqual([run(fails), run(fails)], run(fails))).toEqual([true]);
  });

  it('finds an outcome that the slim image does not have', () => {
    expect(isEqual([run(works), run(works)], run())).toEqual([false]);
    const failure = new TraceSlimError('USER_NOT_FOUND', 'the image has no user named app');
    const [row] = compareRuns([run(works), run(works)], { ...run(), failure });
    expect(row?.differences[0]?.slim).toBe('could not be run: the image has no user named app');
  });
});
