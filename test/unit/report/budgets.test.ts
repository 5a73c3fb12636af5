import { describe, expect, it } from 'vitest';
import { judgeBudgets, measuredText } from '../../../src/report/budgets.ts';
import type { Budget } from '../../../src/settings.ts';
import { reportOf } from '../../support/report.ts';

const { fat, slim } = reportOf();
const miss = (path: string) => ({
  ...{ path, syscall: 'openat', errno: 'ENOENT', executable: null, phase: 'start' },
  ...{ kind: 'failed' as const, lacks: [], altered: [], excludedBy: null },
});
const added = { paths: 0, sizeBytes: 0 };
const rounds = [
  { round: 1, misses: [miss('/a'), miss('/b')], durationMs: 1, added },
  { round: 2, misses: [], durationMs: 1, added },
];
const paths = ['/a', '/b', '/c'];

function judge(measure: Budget['measure'], operator: Budget['operator'], limit: number) {
  const budget = { text: `${measure}${operator}${limit}`, measure, operator, limit };
  const baseline = (path: string) => path === '/a';
  return judgeBudgets([budget], { fat, slim, rounds, paths, baseline })[0];
}

describe('judgeBudgets', () => {
  it('measures the size and how many times smaller it is', () => {
    expect(judge('size', '>', 9_899_999)).toMatchObject({
      budget: 'size>9899999',
      actual: 9_900_000,
      isExceeded: true,
    });
    expect(judge('size', '>', 9_900_000)).toMatchObject({ isExceeded: false });
    expect(judge('size', '>=', 9_900_000)).toMatchObject({ isExceeded: true });
    expect(judge('reduction', '<', 30)).toMatchObject({ isExceeded: true });
    expect(judge('reduction', '<=', 20)).toMatchObject({ isExceeded: false });
  });

  it('counts misses of all rounds, and names them', () => {
    expect(judge('misses', '>', 0)).toMatchObject({ actual: 2, isExceeded: true, paths: ['/a', '/b'] });
  });

  it('counts and names paths that the baseline does not have', () => {
    expect(judge('new-paths', '>', 1)).toMatchObject({ actual: 2, isExceeded: true, paths: ['/b', '/c'] });
    expect(judge('new-paths', '>', 2)).toMatchObject({ isExceeded: false });
  });

  it('does not take an image without data for one that did not shrink', () => {
    const none = judgeBudgets([{ text: 'x', measure: 'reduction', operator: '<', limit: 2 }], {
      ...{ fat, slim: slim && { ...slim, sizeBytes: 0 }, rounds, paths, baseline: undefined },
    });
    expect(none).toMatchObject([{ isExceeded: false }]);
  });
});

it.each([
  ['size>1', 2, '2 B'],
  ['SIZE>50MB', 50_003_112, '50.0 MB = 50,003,112 B'],
  ['reduction<2', 1.9996, '1.9996'],
  ['misses>0', 3, '3'],
])('of %s, %d is told as %s', (budget, actual, text) => {
  expect(measuredText({ budget, actual })).toBe(text);
});
