import { TraceSlimError } from '../errors.ts';
import { type Budget, type CheckSettings, type KeepSettings, PLAIN_CHECKS } from '../settings.ts';
import type { CheckOptions } from './check-options.ts';
import { invalid } from './values.ts';

/**
 * What a slim image must be like.
 *
 * @throws USAGE_INVALID
 */
export function readCheckSettings(options: CheckOptions): CheckSettings {
  const budgets = (options.failIf ?? []).flatMap((text) => text.split(',')).map(parseBudget);
  const { baseline: baselinePath } = options;
  if (baselinePath === undefined && budgets.some(({ measure }) => measure === 'new-paths')) {
    throw new TraceSlimError('USAGE_INVALID', '--fail-if new-paths needs a --baseline', {
      hint: 'Name the report of an earlier run, or a list with one path a line.',
    });
  }
  const { failOnLogErrors = PLAIN_CHECKS.failOnLogErrors, keepFailed = PLAIN_CHECKS.keepFailed } = options;
  return {
    failOnLogErrors,
    keepFailed,
    budgets,
    ...(baselinePath === undefined ? {} : { baselinePath }),
  };
}

/** Decimal units as the report shows them, binary ones with an `i`. */
const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, k: 1e3, m: 1e6, g: 1e9 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 },
};

function parseBudget(text: string): Budget {
  const [, measure, operator, number = '', unit = ''] =
    /^(size|reduction|misses|new-paths) *([<>]=?) *(\d+(?:\.\d+)?) *([kmg]?i?b?)$/.exec(text.trim().toLowerCase()) ??
    [];
  const factor = UNITS[unit];
  if (measure === undefined || factor === undefined || (unit !== '' && measure !== 'size')) {
    throw invalid('--fail-if', text, 'give size>50MB, reduction<2, misses>0 or new-paths>0');
  }
  return {
    text: text.trim(),
    measure: measure as Budget['measure'],
    operator: operator as Budget['operator'],
    limit: Number(number) * factor,
  };
}

/**
 * The rules that are switched off.
 *
 * @throws USAGE_INVALID for a name that no rule has
 */
export async function readDisabledRules({ disableRule }: CheckOptions): Promise<Pick<KeepSettings, 'disabledRules'>> {
  if (disableRule === undefined) return {};
  const { DISABLEABLE_RULES } = await import('../keep/rules/rules.ts');
  const unknown = disableRule.find((name) => !DISABLEABLE_RULES.includes(name));
  if (unknown !== undefined) {
    throw invalid('--disable-rule', unknown, `there are ${DISABLEABLE_RULES.join(', ')}`);
  }
  return { disabledRules: disableRule };
}
