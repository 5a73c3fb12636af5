import type { Outcome } from '../probe/types.ts';
import type { Difference, ProbeReport } from '../report/report.ts';
import type { RunRecord } from '../trace/record.ts';
import { compareOutcomes, differenceOf } from './compare.ts';

const NOT_RUN = 'could not be run: ';
const NOT_READY = 'the application had ended, or was never ready';

/**
 * Holds the outcomes of a slim image against runs of the fat one, the first of which gives the rows. What differs between
 * two fat runs is no difference; an outcome is equal when any two of them account for it. A run in which the probe failed
 * by chance accounts for nothing.
 */
export function compareRuns(fatRuns: readonly [RunRecord, ...RunRecord[]], slim: RunRecord): ProbeReport[] {
  const [first, ...others] = fatRuns.map((run) => byProbe(run.outcomes));
  const replayed = byProbe(slim.outcomes);
  return [...(first ?? new Map<string, Outcome>()).values()].map((fat) => {
    const again = others.flatMap((outcomes) => outcomes.get(fat.probe) ?? []).filter(({ ok }) => ok === fat.ok);
    return compareOne(fat, again, replayed.get(fat.probe) ?? slim.failure);
  });
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

function compareOne(fat: Outcome, again: readonly Outcome[], slim: Outcome | Error | undefined): ProbeReport {
  if (!slim || slim instanceof Error) {
    const differences = [differenceOf('outcome', fat.summary, `${NOT_RUN}${slim?.message ?? NOT_READY}`)];
    return { probe: fat.probe, fat, slim: null, equal: false, differences };
  }
  const differences = fewestDifferences([fat, ...again], slim);
  return { probe: fat.probe, fat, slim, equal: differences.length === 0, differences };
}

/** The differences that are left by the two fat runs that account for most. */
function fewestDifferences(fatRuns: readonly Outcome[], slim: Outcome): Difference[] {
  let fewest = compareOutcomes(fatRuns[0] as Outcome, fatRuns[1], slim);
  for (const [index, one] of fatRuns.entries()) {
    for (const other of fatRuns.slice(index + 1)) {
      if (fewest.length === 0) return fewest;
      const left = compareOutcomes(one, other, slim);
      if (left.length < fewest.length) fewest = left;
    }
  }
  return fewest;
}

function byProbe(outcomes: readonly Outcome[]): Map<string, Outcome> {
  return new Map(outcomes.map((outcome) => [outcome.probe, outcome]));
}
