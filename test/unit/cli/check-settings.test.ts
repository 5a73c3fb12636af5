import { describe, expect, it } from 'vitest';
import { readCheckSettings, readDisabledRules } from '../../../src/cli/check-settings.ts';
import { PLAIN_CHECKS } from '../../../src/settings.ts';

const budgets = (...failIf: string[]) => readCheckSettings({ failIf, baseline: 'x' }).budgets;

describe('readCheckSettings', () => {
  it('asks for nothing without options', () => {
    expect(readCheckSettings({})).toEqual(PLAIN_CHECKS);
  });

  it.each([
    ['size>50MB', 'size', '>', 50_000_000],
    ['size >= 1.5GiB', 'size', '>=', 1.5 * 2 ** 30],
    ['SIZE>2kb', 'size', '>', 2000],
    ['size<100', 'size', '<', 100],
    ['reduction<2', 'reduction', '<', 2],
    ['misses>0', 'misses', '>', 0],
    ['new-paths>0', 'new-paths', '>', 0],
  ])('reads %s', (text, measure, operator, limit) => {
    expect(budgets(text)).toEqual([{ text, measure, operator, limit }]);
  });

  it('reads several, also from one value', () => {
    expect(budgets('size>1MB,misses>0', 'reduction<3').map(({ measure }) => measure)).toEqual([
      'size',
      'misses',
      'reduction',
    ]);
  });

  it.each(['size', 'size>', 'size=5', 'weight>5', 'size>5XB', 'misses>5MB', 'size>-1'])('refuses %s', (text) => {
    expect(() => budgets(text)).toThrow('--fail-if does not take');
  });

  it('needs something to count new paths from', () => {
    expect(() => readCheckSettings({ failIf: ['new-paths>0'] })).toThrow('needs a --baseline');
  });
});

describe('readDisabledRules', () => {
  it('knows every rule but the one that nothing can be packed without', async () => {
    expect(await readDisabledRules({ disableRule: ['shebang', 'listing'] })).toEqual({
      disabledRules: ['shebang', 'listing'],
    });
    expect(await readDisabledRules({})).toEqual({});
    await expect(readDisabledRules({ disableRule: ['parent-of'] })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
