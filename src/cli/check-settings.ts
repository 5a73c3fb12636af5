import type { CheckSettings, KeepSettings } from '../settings.ts';
import type { CheckOptions } from './check-options.ts';
import { invalid } from './values.ts';

/** What a slim image must be like. */
export async function readCheckSettings(options: CheckOptions): Promise<CheckSettings> {
  return { failOnLogErrors: options.failOnLogErrors ?? false };
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
