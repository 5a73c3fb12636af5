import { parseJsonPath } from './json-path.ts';
import { regexOf } from './kinds/matcher.ts';
import type { Fact, Outcome } from './types.ts';

/** What to say of a text that is no mask. */
export const MASK_FORMS = 'give /a regular expression/, a JSON path ($.id), or what is compared: header etag, body';

const FACT = /^(?:header \S+|status|body|exit status|stdout|stderr|reply)$/;

/** Whether a text says what may differ: `/regex/flags`, a JSON path, or the name of a fact. */
export function isMask(text: string): boolean {
  if (text.startsWith('/')) return /^\/.+\/[imsu]*$/s.test(text) && regexOf(text) !== undefined;
  return FACT.test(text) || parseJsonPath(text) !== undefined;
}

/** Masks that name a fact make it one that is only shown; the others are for whoever compares. */
export function masked(outcome: Outcome, masks: readonly string[]): Outcome {
  if (masks.length === 0) return outcome;
  const inside = masks.filter((mask) => mask.startsWith('/') || mask.startsWith('$'));
  const facts = outcome.facts.map((fact): Fact => {
    if (masks.some((mask) => mask.toLowerCase() === fact.name)) return { ...fact, compare: 'shown' };
    if (fact.compare !== 'text' || inside.length === 0) return fact;
    return { ...fact, masks: [...(fact.masks ?? []), ...inside] };
  });
  return { ...outcome, facts };
}
