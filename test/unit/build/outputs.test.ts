import { expect, test } from 'vitest';
import { creationSeconds } from '../../../src/build/build-image.ts';
import { defaultOutput, defaultTags } from '../../../src/build/outputs.ts';
import type { Image } from '../../../src/image/types.ts';

type Transport = Image['location']['transport'];

test.each<[Transport, string, string]>([
  ['docker-archive', '/a/nginx.tar', 'docker-archive:/a/nginx.slim.tar'],
  ['docker-archive', 'nginx.tar.gz', 'docker-archive:nginx.slim.tar'],
  ['docker-archive', 'nginx', 'docker-archive:nginx.slim.tar'],
  ['oci', '/a/layout/', 'oci:/a/layout.slim'],
  ['oci-archive', 'x.tar', 'oci-archive:x.slim.tar'],
  ['rootfs', '/srv/root/', 'docker-archive:/srv/root.slim.tar'],
])('a %s at %s is written to %s', (transport, path, output) => {
  expect(defaultOutput({ transport, path })).toBe(output);
});

test.each([
  ['nginx', 'nginx.slim:latest'],
  ['nginx:1.25', 'nginx.slim:1.25'],
  ['localhost:5000/a/b:tag', 'localhost:5000/a/b.slim:tag'],
  ['localhost:5000/a/b', 'localhost:5000/a/b.slim:latest'],
  [`a/b:1@sha256:${'0'.repeat(64)}`, 'a/b.slim:1'],
])('%s becomes %s', (name, slim) => {
  expect(defaultTags({ names: [name], location: { transport: 'docker-archive', path: 'x.tar' } })).toEqual([slim]);
});

test('an image without a name is named after its file', () => {
  const tags = defaultTags({ names: [], location: { transport: 'rootfs', path: '/srv/My Root_FS/' } });
  expect(tags).toEqual(['my-root-fs.slim:latest']);
});

test('the creation time is that of SOURCE_DATE_EPOCH, else of the fat image, else 0', () => {
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [] } };
  const created = '2024-05-06T07:08:09.123456789Z';
  expect(creationSeconds({ ...config, created }, '1700000000')).toBe(1_700_000_000);
  expect(creationSeconds({ ...config, created }, undefined)).toBe(Date.UTC(2024, 4, 6, 7, 8, 9) / 1000);
  expect(creationSeconds({ ...config, created }, 'yesterday')).toBe(Date.UTC(2024, 4, 6, 7, 8, 9) / 1000);
  expect(creationSeconds(config, undefined)).toBe(0);
});
