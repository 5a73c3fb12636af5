import { expect, it } from 'vitest';
import { headerFacts } from '../../../src/probe/header-facts.ts';

const compared = (name: string, value: string | string[] = 'x') => headerFacts({ [name]: value })[0]?.compare;

it('what tells the time, names a request or is about the connection is only shown', () => {
  const names = 'date age expires etag last-modified content-length server-timing x-runtime x-request-id';
  const more = 'x-correlation-id traceparent x-ratelimit-remaining ratelimit keep-alive x-amzn-trace-id';
  for (const name of `${names} ${more}`.split(' ')) expect(compared(name), name).toBe('shown');
});

it('everything else is compared, the type to the byte', () => {
  for (const name of ['location', 'server', 'vary', 'x-plugins']) expect(compared(name), name).toBe('text');
  expect(compared('content-type')).toBe('exact');
});

it('of a cookie the name and the attributes count', () => {
  const cookies = ['sid=8f14e; Path=/; HttpOnly', 'lang=en; Expires=Tue, 05 Mar 2024 10:00:00 GMT; Secure'];
  expect(headerFacts({ 'set-cookie': cookies })).toEqual([
    {
      name: 'header set-cookie',
      value: Buffer.from('lang=…; expires=…; Secure\nsid=…; Path=/; HttpOnly').toString('latin1'),
      compare: 'text',
    },
  ]);
});

it('an empty value and a time long past delete a cookie, which counts', () => {
  const value = (cookie: string) => headerFacts({ 'set-cookie': cookie })[0]?.value;
  expect(value('sid=; Path=/')).not.toBe(value('sid=8f14e; Path=/'));
  expect(value('sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT')).not.toBe(
    value('sid=x; Expires=Fri, 01 Jan 2027 00:00:00 GMT'),
  );
});

it('the members of a set are compared in order', () => {
  expect(headerFacts({ allow: 'OPTIONS, HEAD,GET' })).toMatchObject([{ value: 'GET, HEAD, OPTIONS', compare: 'text' }]);
});

it('compared headers come first', () => {
  expect(headerFacts({ date: 'now', server: 'x' }).map(({ name }) => name)).toEqual(['header server', 'header date']);
});

it.each(['allow', 'vary'])('the order within %s does not count', (name) => {
  const [one, other] = ['GET, OPTIONS,HEAD', 'OPTIONS, HEAD, GET'].map((value) => headerFacts({ [name]: value }));
  expect(one).toEqual(other);
  expect(one?.[0]).toMatchObject({ value: 'GET, HEAD, OPTIONS', compare: 'text' });
});
