import { describe, expect, it } from 'vitest';
import { compareDocuments, parseDocument } from '../../../src/verify/json.ts';

const differences = (a: unknown, b: unknown, slim: unknown, masks: readonly string[] = []) =>
  compareDocuments([a, b], slim, { clock: { fat: [], slim: undefined }, masks });
const places = (...documents: Parameters<typeof differences>) => differences(...documents).map(({ path }) => path);

describe('parseDocument', () => {
  it('reads objects and arrays, and nothing else', () => {
    expect(parseDocument(' {"a": [1]} ')).toEqual({ a: [1] });
    expect(['7', '"x"', 'null', '{"a":', '<html>', ''].map(parseDocument)).toEqual(Array(6).fill(undefined));
  });

  it('leaves what is nested too deeply to be compared as text', () => {
    expect(parseDocument('['.repeat(100_000) + ']'.repeat(100_000))).toBeUndefined();
    expect(parseDocument(`{"a":"${'['.repeat(200)}"}`)).toBeDefined();
  });
});

describe('compareDocuments', () => {
  it('names the place that differs and both values', () => {
    const document = (name: string) => ({ items: [{ id: 1, 'a b': name }] });
    expect(differences(document('x'), document('x'), document('y'))).toEqual([
      { path: '$.items[0]["a b"]', fat: '"x"', slim: '"y"' },
    ]);
  });

  it('accepts members in any order, and misses none', () => {
    expect(places({ a: 1, b: 2 }, { a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
    expect(places({ a: 1, b: 2 }, { a: 1, b: 2 }, { b: 2 })).toEqual(['$.a']);
    expect(places({ a: 1 }, { a: 1 }, { a: 1, error: 'x' })).toEqual(['$.error']);
    expect(places({}, {}, JSON.parse('{"__proto__": 1}'))).toEqual(['$.__proto__']);
  });

  it('frees only the values in which the two runs differ', () => {
    const answer = (count: number, token: string, name = 'shop') => ({ count, token, name, at: { up: true } });
    const [a, b] = [answer(3, '8f14e45fceea167a'), answer(9, 'c9f0f895fb98ab91')];
    expect(places(a, b, answer(500, '45c48cce2e2d7fbd'))).toEqual([]);
    expect(places(a, b, answer(500, '45c48cce2e2d7fbd', 'none'))).toEqual(['$.name']);
    expect(places(a, b, answer(500, 'error'))).toEqual(['$.token']);
    expect(places(a, b, { ...a, count: null })).toEqual(['$.count']);
    expect(places({ n: 3 }, { n: 3 }, { n: 4 })).toEqual(['$.n']);
  });

  it('frees times that two runs close together have in common', () => {
    const at = (time: unknown) => ({ time });
    expect(places(at(1709632800), at(1709632800), at(1709632805))).toEqual([]);
    expect(places(at('2024-03-05T10:00:00Z'), at('2024-03-05T10:00:00Z'), at('2024-03-05T10:00:09Z'))).toEqual([]);
  });

  it('frees the order of items only where the runs show them in another', () => {
    expect(places(['a', 'b', 'c'], ['c', 'b', 'a'], ['b', 'a', 'c'])).toEqual([]);
    expect(places(['a', 'b', 'c'], ['c', 'b', 'a'], ['b', 'a', 'x'])).toEqual(['$']);
    expect(places(['a', 'b'], ['a', 'b'], ['b', 'a'])).toEqual(['$[0]', '$[1]']);
  });

  it('holds shuffled items that are not quite the same against those that they are like', () => {
    const users = (...users: [string, string, number][]) =>
      users.map(([name, token, price]) => ({ name, token, price }));
    const a = users(['ada', '8f14e45fceea167a', 3], ['bob', 'c9f0f895fb98ab91', 4]);
    const b = users(['bob', '45c48cce2e2d7fbd', 4], ['ada', '6512bd43d9caa6e0', 3]);
    expect(places(a, b, users(['bob', 'c20ad4d76fe97759', 4], ['ada', 'c51ce410c124a10e', 3]))).toEqual([]);
    expect(places(a, b, users(['bob', 'c20ad4d76fe97759', 4], ['ada', 'c51ce410c124a10e', 9]))).toEqual(['$[1].price']);
    expect(places(a, b, users(['bob', 'c20ad4d76fe97759', 4], ['eve', 'c51ce410c124a10e', 3]))).toEqual(['$']);
    expect(places(a, b, a.slice(1))).toEqual(['$']);
  });

  it('learns each place from all runs', () => {
    const runs = [
      { a: 1, b: 1, c: 1 },
      { a: 2, b: 1, c: 1 },
      { a: 2, b: 2, c: 1 },
    ];
    const clock = { fat: [], slim: undefined };
    const differing = (slim: unknown) => compareDocuments(runs, slim, { clock, masks: [] }).map(({ path }) => path);
    expect(differing({ a: 9, b: 9, c: 1 })).toEqual([]);
    expect(differing({ a: 9, b: 9, c: 9 })).toEqual(['$.c']);
    expect(differing({ a: -1, b: 9, c: 1 })).toEqual(['$.a']);
  });

  it('takes other IDs for keys where keys are IDs, and no other names', () => {
    const sessions = (...ids: string[]) => Object.fromEntries(ids.map((id) => [id, { user: 'a' }]));
    expect(places(sessions(), sessions('8f14e45f'), sessions('c9f0f895', '45c48cce'))).toEqual([]);
    expect(places(sessions(), sessions('8f14e45f'), sessions('error'))).toEqual(['$.error']);
  });

  it('frees the number of items where it varies, but not what they look like', () => {
    const items = (count: number) => Array.from({ length: count }, (_, id) => ({ id, name: 'x' }));
    expect(places(items(2), items(3), items(5))).toEqual([]);
    expect(places(items(2), items(3), [])).toEqual(['$']);
    expect(places(items(2), items(3), [{ error: 'x' }])).toEqual(['$']);
    expect(places(items(2), items(3), items(100))).toEqual(['$']);
  });

  it('takes keys that differ in both runs for names of things', () => {
    const sessions = (id: string, value: object) => ({ [id]: value });
    const user = { user: 'a' };
    expect(places(sessions('x1', user), sessions('x2', user), sessions('x3', user))).toEqual([]);
    expect(places(sessions('x1', user), sessions('x2', user), sessions('x3', { error: 1 }))).toEqual(['$.x3']);
  });

  it('lets a user mask values by JSON path', () => {
    const answer = (id: number) => ({ items: [{ id, name: 'x' }] });
    expect(places(answer(1), answer(1), answer(2), ['$.items[*].id'])).toEqual([]);
    expect(places(answer(1), answer(1), answer(2), ['$.items[*].name', '/x/'])).toEqual(['$.items[0].id']);
  });

  it('is bounded', () => {
    const list = (value: string) => Array.from({ length: 1000 }, () => value);
    expect(differences(list('a'), list('a'), list('b'))).toHaveLength(10);
  });
});
