import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatTable, printable, truncate } from '../../../src/report/format.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_999, '1.0 MB'],
  [264_100_000, '264.1 MB'],
  [1_670_000_000, '1.7 GB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1000, '1.00 s'],
  [59_999, '1 m 0 s'],
  [125_000, '2 m 5 s'],
])('%d milliseconds are shown as %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test('a table that fits is aligned and left as it is', () => {
  expect(
    formatTable(
      [
        ['a', 'bb'],
        ['ccc', 'd'],
      ],
      80,
    ),
  ).toEqual(['a    bb', 'ccc  d']);
});

test('the widest column gives way when a table does not fit', () => {
  expect(formatTable([['0123456789abcdef', 'short']], 19)).toEqual(['0123456789a…  short']);
});

test('line ends and tabs in a cell do not break its row', () => {
  expect(truncate('a\nb\tc', 10)).toBe('a b c');
});

test('control and direction characters are shown, line ends stay', () => {
  expect(printable('a\nb\r\u001b[0m\u202e')).toBe('a\nb\\x0d\\x1b[0m\\u{202e}');
});
