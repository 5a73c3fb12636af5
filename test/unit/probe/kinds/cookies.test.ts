import { expect, it } from 'vitest';
import { CookieJar } from '../../../../src/probe/kinds/cookies.ts';

it('cookies are sent to the paths they are for, the longest path first', () => {
  const jar = new CookieJar();
  jar.store(['a=1; Path=/', 'b=2; path=/x', 'c=3', 'd=4; Path=relative', '=5', 'nothing'], '/x/y?z');
  expect(jar.header('/')).toBe('a=1');
  expect(jar.header('/x')).toBe('b=2; c=3; d=4; a=1');
  expect(jar.header('/xy')).toBe('a=1');
});

it.each(['Max-Age=0', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])('a cookie with %s is forgotten', (attribute) => {
  const jar = new CookieJar();
  jar.store(['a=1; Path=/', 'b=2; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], '/');
  jar.store([`a=; Path=/; ${attribute}`], '/');
  expect([jar.header('/'), jar.get('a'), jar.get('b')]).toEqual(['b=2', undefined, '2']);
});
