import { describe, expect, test } from 'vitest';
import {
  formatImageName,
  isSameName,
  parseImageName,
  parseLocation,
  splitPathAndName,
} from '../../../src/image/reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('parseLocation', () => {
  test.each([
    ['docker-archive:a.tar:x:1', 'docker-archive', 'a.tar:x:1'],
    ['oci:dir', 'oci', 'dir'],
    ['oci-archive:/a b.tar', 'oci-archive', '/a b.tar'],
    ['rootfs:/', 'rootfs', '/'],
    ['image.tar', undefined, 'image.tar'],
    ['nginx:latest', undefined, 'nginx:latest'],
  ])('reads %s', (text, transport, rest) => {
    expect(parseLocation(text)).toEqual({ transport, rest });
  });

  test('refuses transports of other tools and says what to do instead', () => {
    expect(() => parseLocation('docker://nginx')).toThrow(
      expect.objectContaining({ code: 'USAGE_INVALID', hint: expect.stringContaining('skopeo copy docker://nginx') }),
    );
  });
});

test('splitPathAndName offers every colon, the longest path first', () => {
  expect(splitPathAndName('a:b:c')).toEqual([
    { path: 'a:b:c', name: undefined },
    { path: 'a:b', name: 'c' },
    { path: 'a', name: 'b:c' },
  ]);
});

describe('parseImageName', () => {
  test.each([
    ['nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['nginx:1.25', 'docker.io', 'library/nginx', '1.25', undefined],
    ['team/app', 'docker.io', 'team/app', undefined, undefined],
    ['docker.io/nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['localhost/app:x', 'localhost', 'app', 'x', undefined],
    ['localhost:5000/a/b:tag', 'localhost:5000', 'a/b', 'tag', undefined],
    [`localhost:5000/a/b:tag@${DIGEST}`, 'localhost:5000', 'a/b', 'tag', DIGEST],
    [`quay.io/a__b/c-d.e@${DIGEST}`, 'quay.io', 'a__b/c-d.e', undefined, DIGEST],
  ])('reads %s', (text, registry, repository, tag, digest) => {
    expect(parseImageName(text)).toEqual({ registry, repository, tag, digest });
  });

  test.each(['', 'UPPER', 'a:', ':tag', 'a b', 'a//b', '-a', 'a:tag!', '<none>:<none>'])('refuses %j', (text) => {
    expect(parseImageName(text)).toBeUndefined();
  });
});

test('formatImageName fills in what was left out', () => {
  const full = (text: string) =>
    formatImageName(parseImageName(text) as NonNullable<ReturnType<typeof parseImageName>>);
  expect(full('nginx')).toBe('docker.io/library/nginx:latest');
  expect(full(`localhost:5000/a@${DIGEST}`)).toBe(`localhost:5000/a@${DIGEST}`);
  expect(full(`quay.io/a:1@${DIGEST}`)).toBe(`quay.io/a:1@${DIGEST}`);
});

test('isSameName sees through defaults', () => {
  expect(isSameName('nginx', 'docker.io/library/nginx:latest')).toBe(true);
  expect(isSameName('Any Text', 'Any Text')).toBe(true);
  expect(isSameName('nginx', 'nginx:1')).toBe(false);
  expect(isSameName('quay.io/nginx', 'nginx')).toBe(false);
});
