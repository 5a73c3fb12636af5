import type { Budget } from '../settings.ts';
import { formatBytes, formatCount } from './format.ts';
import type { BudgetReport, Report, ShownPath } from './report.ts';

const MAX_PATHS = 20;

/** What budgets are about. */
export interface Measured extends Pick<Report, 'fat' | 'slim' | 'rounds'> {
  /** What the slim image holds besides directories. */
  readonly paths: readonly ShownPath[];
  /** Tells which of them an earlier result had; undefined when there is none to go by. */
  readonly baseline: ((path: ShownPath) => boolean) | undefined;
}

/** What was measured, for people: exact enough to see why it is within a limit or not. */
export function measuredText({ budget, actual }: Pick<BudgetReport, 'budget' | 'actual'>): string {
  if (!/^size/i.test(budget)) return String(Number(actual.toFixed(4)));
  return actual < 1000 ? formatBytes(actual) : `${formatBytes(actual)} = ${formatCount(actual)} B`;
}

/** Holds a slim image against what it may cost. */
export function judgeBudgets(budgets: readonly Budget[], measured: Measured): BudgetReport[] {
  return budgets.map(({ text, measure, operator, limit }) => {
    const { actual, paths } = MEASURES[measure](measured);
    return { budget: text, actual, isExceeded: OPERATORS[operator](actual, limit), paths: paths.slice(0, MAX_PATHS) };
  });
}

interface Measurement {
  readonly actual: number;
  /** What the number counts, where that has names. */
  readonly paths: readonly ShownPath[];
}

const MEASURES: Readonly<Record<Budget['measure'], (measured: Measured) => Measurement>> = {
  size: ({ slim }) => ({ actual: slim?.sizeBytes ?? 0, paths: [] }),
  reduction: ({ fat, slim }) => ({ actual: reductionOf(fat.sizeBytes, slim?.sizeBytes ?? 0), paths: [] }),
  misses: ({ rounds }) => counted(rounds.flatMap(({ misses }) => misses.map(({ path }) => path))),
  'new-paths': ({ paths, baseline }) => counted(baseline ? paths.filter((path) => !baseline(path)) : []),
};

const OPERATORS: Readonly<Record<Budget['operator'], (actual: number, limit: number) => boolean>> = {
  '>': (actual, limit) => actual > limit,
  '>=': (actual, limit) => actual >= limit,
  '<': (actual, limit) => actual < limit,
  '<=': (actual, limit) => actual <= limit,
};

/** An image that holds no data cannot be made smaller. */
function reductionOf(fatBytes: number, slimBytes: number): number {
  return slimBytes === 0 ? Number.MAX_SAFE_INTEGER : fatBytes / slimBytes;
}

function counted(paths: readonly ShownPath[]): Measurement {
  return { actual: paths.length, paths };
}
