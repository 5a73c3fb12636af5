import { diffArrays } from 'diff';

/** Two sequences may differ in at most this many places; beyond that they count as wholly different. */
const MAX_EDITS = 1000;
/** So may sequences that take more comparisons than this: those of few different parts, over and over. */
const MAX_COMPARISONS = 20_000_000;

/** A stretch that is equal in both sequences (then of the same length), or one that is not. */
export interface Stretch {
  readonly equal: boolean;
  readonly a: readonly string[];
  readonly b: readonly string[];
}

/** Cuts two sequences into stretches that are alike and stretches that are not, in turn. `keyOf` says what is alike. */
export function align(
  a: readonly string[],
  b: readonly string[],
  keyOf: (part: string) => string = (part) => part,
): Stretch[] {
  let left = MAX_COMPARISONS;
  const comparator = (one: string, other: string) => --left > 0 && one === other;
  const changes = diffArrays(a.map(keyOf), b.map(keyOf), { maxEditLength: MAX_EDITS, comparator });
  if (!changes) return [{ equal: false, a, b }];
  const stretches: Stretch[] = [];
  let atA = 0;
  let atB = 0;
  for (const { count, added, removed } of changes) {
    const fromA = a.slice(atA, added ? atA : atA + count);
    const fromB = b.slice(atB, removed ? atB : atB + count);
    atA += fromA.length;
    atB += fromB.length;
    append(stretches, { equal: !added && !removed, a: fromA, b: fromB });
  }
  return stretches;
}

function append(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1);
  if (last?.equal !== next.equal) stretches.push(next);
  else stretches.splice(-1, 1, { equal: next.equal, a: [...last.a, ...next.a], b: [...last.b, ...next.b] });
}

/** True when both have the same parts, in whatever order. */
export function isPermutation(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  const left = new Map<string, number>();
  for (const part of a) left.set(part, (left.get(part) ?? 0) + 1);
  return b.every((part) => {
    const count = left.get(part) ?? 0;
    left.set(part, count - 1);
    return count > 0;
  });
}
