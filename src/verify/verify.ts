import { setImmediate as nextTurn } from 'node:timers/promises';
import { boundedWork } from '../probe/bounded-work.ts';
import type { ProbeReport } from '../report/report.ts';
import type { RunRecord } from '../trace/record.ts';
import { compareOutcomes, differenceOf, type SeenOutcome } from './compare.ts';

/** What one outcome may take; a megabyte takes four seconds at worst. */
const COMPARISON_MS = 10_000;
const NOT_COMPARED = 'is too much to be compared';
const NOT_RUN = 'could not be run: ';
const NOT_READY = 'the application had ended, or was never ready';

/**
 * Holds the outcomes of a slim image against runs of the fat one, the first of which gives the rows. What differs between
 * two fat runs is no difference; an outcome is equal when any two of them account for it. A run in which the probe failed
 * by chance accounts for nothing. Between two outcomes others have their turn; aborting ends it there.
 */
export async function compareRuns(
  fatRuns: readonly [RunRecord, ...RunRecord[]],
  slim: RunRecord,
  signal: AbortSignal,
): Promise<ProbeReport[]> {
  const [first, ...others] = fatRuns.map(byProbe);
  const replayed = byProbe(slim);
  const rows: ProbeReport[] = [];
  for (const fat of first?.values() ?? []) {
    const { probe, ok } = fat.outcome;
    const again = others.flatMap((seen) => seen.get(probe) ?? []).filter(({ outcome }) => outcome.ok === ok);
    rows.push(compareOne([fat, ...again], replayed.get(probe) ?? slim.failure));
    await nextTurn();
    signal.throwIfAborted();
  }
  return rows;
}

/** Rows for outcomes that were not replayed. */
export function unverifiedRows(fat: RunRecord): ProbeReport[] {
  return fat.outcomes.map((outcome) => ({
    probe: outcome.probe,
    fat: outcome,
    slim: null,
    equal: null,
    differences: [],
  }));
}

function compareOne(
  fatRuns: readonly [SeenOutcome, ...SeenOutcome[]],
  slim: SeenOutcome | Error | undefined,
): ProbeReport {
  const [{ outcome: fat }] = fatRuns;
  if (!slim || slim instanceof Error) {
    const differences = [differenceOf('outcome', fat.summary, `${NOT_RUN}${slim?.message ?? NOT_READY}`)];
    return { probe: fat.probe, fat, slim: null, equal: false, differences };
  }
  const unknown = [differenceOf('outcome', fat.summary, NOT_COMPARED)];
  const differences = boundedWork(() => compareOutcomes(fatRuns, slim), unknown, COMPARISON_MS);
  return { probe: fat.probe, fat, slim: slim.outcome, equal: differences.length === 0, differences };
}

function byProbe({ outcomes, startedAt }: RunRecord): Map<string, SeenOutcome> {
  return new Map(outcomes.map((outcome) => [outcome.probe, { outcome, startedAt }]));
}
