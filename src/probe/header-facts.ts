import { bytesOf } from '../rootfs/path.ts';
import type { Fact } from './types.ts';

interface HeaderRule {
  readonly names: RegExp;
  readonly compare: Fact['compare'];
  readonly because: string;
  /** What of the value is compared, and shown. */
  shorten?(value: string): string;
  /** Of several headers of this name none comes first. */
  readonly inAnyOrder?: true;
}

/** The first rule that fits counts. Of what no rule names, what two runs of the original image have in common is compared. */
const HEADER_RULES: readonly HeaderRule[] = [
  { names: /^content-type$/, compare: 'exact', because: 'the body would be read as something else' },
  {
    names: /^set-cookie$/,
    compare: 'text',
    because: 'values are secrets and random',
    shorten: withoutCookieValue,
    inAnyOrder: true,
  },
  {
    names: /^(?:allow|vary|accept-(?:patch|post|ranges)|access-control-(?:allow|expose)-(?:methods|headers))$/,
    compare: 'text',
    because: 'they list members of a set, which many servers keep in no order',
    shorten: sortedMembers,
  },
  { names: /^(?:date|age|expires)$/, compare: 'shown', because: 'they tell the time' },
  { names: /^(?:etag|last-modified)$/, compare: 'shown', because: 'they depend on inode numbers and start times' },
  {
    names: /^(?:content-length|content-md5|content-digest|repr-digest|digest|transfer-encoding|trailer)$/,
    compare: 'shown',
    because: 'the body itself is compared',
  },
  { names: /^(?:connection|keep-alive|alt-svc|upgrade)$/, compare: 'shown', because: 'they are about the connection' },
  {
    names: /^(?:server-timing|x-runtime|x-response-time|x-timer|x-(?:envoy-)?upstream-.*time|x-process-time)$/,
    compare: 'shown',
    because: 'they tell how long it took',
  },
  {
    names:
      /^(?:x-)?(?:amzn-)?(?:request|correlation|trace|transaction|span)-?id$|^(?:traceparent|tracestate|x-amzn-trace-id|x-b3-.*|cf-ray|x-served-by)$/,
    compare: 'shown',
    because: 'they name one request',
  },
  { names: /^(?:x-)?rate-?limit.*$|^retry-after$/, compare: 'shown', because: 'they count down' },
];

/** The headers of an answer as facts, compared ones first. */
export function headerFacts(headers: Readonly<Record<string, string | string[] | undefined>>): Fact[] {
  const facts = Object.entries(headers).map(([name, value = '']): Fact => {
    const rule = HEADER_RULES.find(({ names }) => names.test(name));
    const values = [value].flat().map((each) => rule?.shorten?.(each) ?? each);
    if (rule?.inAnyOrder) values.sort();
    return { name: `header ${name}`, value: bytesOf(values.join('\n')), compare: rule?.compare ?? 'text' };
  });
  return facts.sort((a, b) => Number(a.compare === 'shown') - Number(b.compare === 'shown'));
}

/** `GET, HEAD` in order. */
function sortedMembers(list: string): string {
  const members = list.split(',').map((member) => member.trim());
  return members.sort().join(', ');
}

/** Name and attributes: `session=…; Path=/; HttpOnly`. A value that is empty, and a time long past, delete a cookie. */
function withoutCookieValue(cookie: string): string {
  return cookie.replace(/^([^=;]*)=[^;]+/, '$1=…').replace(/; *expires=(?![^;]*\b19[67]\d\b)[^;]*/i, '; expires=…');
}
