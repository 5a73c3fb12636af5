import type { Outcome } from '../probe/types.ts';
import type { ProbeReport } from '../report/report.ts';
import type { RunRecord } from '../trace/record.ts';
import { compareOutcomes } from './compare.ts';

/**
 * Holds the outcomes of a slim image against two runs of the fat one: what differs between those two is no difference. One
 * row per outcome of the first fat run, in its order; outcomes that only the slim image has are rows too.
 */
export function compareRuns(fat: readonly [RunRecord, RunRecord | undefined], slim: RunRecord): ProbeReport[] {
  const second = byProbe(fat[1]?.outcomes ?? []);
  const replayed = byProbe(slim.outcomes);
  const rows = fat[0].outcomes.map((outcome) =>
    compareOne(outcome, second.get(outcome.probe), replayed.get(outcome.probe)),
  );
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

function compareOne(fat: Outcome, again: Outcome | undefined, slim: Outcome | undefined): ProbeReport {
  if (!slim) {
    const difference = { fact: 'outcome', fat: fat.summary, slim: 'could not be run', diff: '' };
    return { probe: fat.probe, fat, slim: null, equal: false, differences: [difference] };
  }
  const differences = compareOutcomes(fat, again, slim);
  return { probe: fat.probe, fat, slim, equal: differences.length === 0, differences };
}

function byProbe(outcomes: readonly Outcome[]): Map<string, Outcome> {
  return new Map(outcomes.map((outcome) => [outcome.probe, outcome]));
}
