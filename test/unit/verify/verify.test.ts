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

const { signal } = new AbortController();

async function isEqual(fat: readonly [RunRecord, ...RunRecord[]], slim: RunRecord) {
  return (await compareRuns(fat, slim, signal)).map(({ equal }) => equal);
}

describe('compareRuns', () => {
  it('finds a failure of the slim image although one run of the fat image failed alike', async () => {
    expect(await isEqual([run(works), run(works), run(fails)], run(fails))).toEqual([false]);
    expect(await isEqual([run(fails), run(fails)], run(fails))).toEqual([true]);
  });

  it('finds an outcome that the slim image does not have', async () => {
    expect(await isEqual([run(works), run(works)], run())).toEqual([false]);
    const failure = new TraceSlimError('USER_NOT_FOUND', 'the image has no user named app');
    const [row] = await compareRuns([run(works), run(works)], { ...run(), failure }, signal);
    expect(row?.differences[0]?.slim).toBe('could not be run: the image has no user named app');
  });

  it('ends between two outcomes when it is aborted', async () => {
    const others = Array.from({ length: 100 }, (_, at): Outcome => ({ ...works, probe: `p${at}` }));
    const controller = new AbortController();
    const compared = compareRuns([run(...others)], run(...others), controller.signal);
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(compared).rejects.toThrow('enough');
  });

  it('says of what is too deep that it cannot be compared', async () => {
    const deep = (value: string): Outcome => ({ ...works, facts: [{ name: 'body', value, compare: 'text' }] });
    const fact = Object.defineProperty({ ...works.facts[0] }, 'value', { get: () => tooDeep() });
    const rows = await compareRuns([run(deep('a'))], run({ ...works, facts: [fact as never] }), signal);
    expect(rows).toMatchObject([{ equal: false, differences: [{ slim: 'is too much to be compared' }] }]);
  });
});

function tooDeep(): string {
  return tooDeep() + tooDeep();
}
