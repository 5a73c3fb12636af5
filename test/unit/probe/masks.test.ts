import { expect, test } from 'vitest';
import { isMask, masked } from '../../../src/probe/masks.ts';
import type { Fact } from '../../../src/probe/types.ts';
import { outcome } from '../../support/report.ts';

test.each(['/build \\d+/', '/a/ims', '$.items[*].id', 'header X-Build', 'body', 'exit status'])(
  '%s is a mask',
  (text) => {
    expect(isMask(text)).toBe(true);
  },
);

test.each(['', '/', '//', '/(/', '/usr/bin', 'build', 'header', '$['])('"%s" is none', (text) => {
  expect(isMask(text)).toBe(false);
});

test('masks are added to those that texts have already, and facts that are named are only shown', () => {
  const facts: Fact[] = [
    { name: 'header x-build', value: '1', compare: 'text' },
    { name: 'status', value: '200', compare: 'exact' },
    { name: 'body', value: '{}', compare: 'text', masks: ['$.a'] },
  ];
  expect(masked({ ...outcome('p', '200', 1), facts }, ['header X-Build', '/b/', '$.c']).facts).toEqual([
    { name: 'header x-build', value: '1', compare: 'shown' },
    { name: 'status', value: '200', compare: 'exact' },
    { name: 'body', value: '{}', compare: 'text', masks: ['$.a', '/b/', '$.c'] },
  ]);
});
