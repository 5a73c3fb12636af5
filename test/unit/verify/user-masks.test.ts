import { expect, it } from 'vitest';
import type { Outcome } from '../../../src/probe/types.ts';
import { compareOutcomes } from '../../../src/verify/compare.ts';
import { maskByUser, pathMasks } from '../../../src/verify/user-masks.ts';

it('regular expressions mask all that they match, JSON paths nothing of a text', () => {
  const [one, other] = ['build 12 of café', 'build 7 of cafe'].map((text) => Buffer.from(text).toString('latin1'));
  const masks = ['/BUILD \\d+/i', '/caf(é|e)/', '$.a'];
  expect(maskByUser(one ?? '', masks)).toBe(maskByUser(other ?? '', masks));
  expect(maskByUser('$.a', masks)).toBe('$.a');
  expect(pathMasks(masks)).toEqual(['$.a']);
});

it('what a user has masked is no difference, whatever the two runs had', () => {
  const outcome = (value: string, masks: readonly string[]): Outcome => ({
    ...{ probe: 'p', ok: true, summary: '', durationMs: 1 },
    facts: [{ name: 'body', value, compare: 'text', masks }],
  });
  const seen = (value: string, masks: readonly string[]) => ({ outcome: outcome(value, masks) });
  const compare = (masks: readonly string[], fat: string, slim: string) =>
    compareOutcomes([seen(fat, masks), seen(fat, masks)], seen(slim, masks)).map(({ fact }) => fact);
  expect(compare(['/v\\d/'], 'tool v1', 'tool v2')).toEqual([]);
  expect(compare([], 'tool v1', 'tool v2')).toEqual(['body']);
  expect(compare(['$.v'], '{"v":1,"w":1}', '{"v":2,"w":1}')).toEqual([]);
  expect(compare(['$.v'], '{"v":1,"w":1}', '{"v":2,"w":2}')).toEqual(['body $.w']);
});

it('a text that makes an expression endless stays as it is', () => {
  const text = `${'a'.repeat(40)}! 12`;
  expect(maskByUser(text, ['/^(a+)+$/', '/\\d+/'])).toBe(maskByUser(text, ['/\\d+/']));
}, 20_000);
