import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseWords } from '../../../src/cli/shell-words.ts';

test.each([
  ['nginx -g "daemon off;"', ['nginx', '-g', 'daemon off;']],
  ['sh -c \'echo "$HOME"\'', ['sh', '-c', 'echo "$HOME"']],
  ['a\\ b c"d"\'e\'', ['a b', 'cde']],
  ['say "a \\"quoted\\" \\n"', ['say', 'a "quoted" \\n']],
  ['"" \'\'', ['', '']],
  ['  ', []],
  ['["a","b c"]', ['a', 'b c']],
  ['[]', []],
])('%s is split as a shell would', (text, words) => {
  expect(parseWords('--cmd', text)).toEqual(words);
});

test('any words survive being quoted', () => {
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(parseWords('--cmd', words.map(quote).join(' '))).toEqual(words);
    }),
  );
});

test.each(["it's", 'a\\', '"open'])('%s is refused because something is left open', (text) => {
  expect(() => parseWords('--cmd', text)).toThrow('--cmd does not take');
});
