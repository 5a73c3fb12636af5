import { expect, it } from 'vitest';
import { parseJsonPath, valuesAt } from '../../../src/probe/json-path.ts';

const DOCUMENT = { a: { b: [{ c: 1 }, { c: 2 }, 'x'] }, 'd e': null, length: 5 };

it.each([
  ['$', [DOCUMENT]],
  ['$.a.b[0].c', [1]],
  ['$.a.b[-1]', ['x']],
  ['$.a.b[*].c', [1, 2]],
  ['$.*.b[1].c', [2]],
  ["$['d e']", [null]],
  ['$["a"].b[9]', []],
  ['$.a.b.length', []],
  ['$.length', [5]],
  ['$.toString', []],
  ['$.missing.x', []],
])('%s leads to %j', (path, values) => {
  expect(valuesAt(DOCUMENT, path)).toEqual(values);
});

it.each(['', 'a', '$a', '$..a', '$.a[', '$.a[x]', "$['a"])('%j is no path', (text) => {
  expect(parseJsonPath(text)).toBeUndefined();
});
