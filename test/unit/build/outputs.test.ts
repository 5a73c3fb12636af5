import { join } from 'node:path';
import { expect, test } from 'vitest';
import { creationSeconds, type SlimImage } from '../../../src/build/build-image.ts';
import { checkDestinations, defaultOutput, defaultTags, writeOutputs } from '../../../src/build/outputs.ts';
import type { ImageStore } from '../../../src/engine/types.ts';
import type { Image } from '../../../src/image/types.ts';
import { temporaryDirectory } from '../../support/engine.ts';

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

test('an image has the names that its destinations give, and its tags where one gives none', async () => {
  using folder = temporaryDirectory();
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' as const, diff_ids: [] } };
  const slim = { image: { config }, config, layers: [] } as unknown as SlimImage;
  const published: (readonly string[])[] = [];
  const publish: ImageStore['publish'] = async (_, names) => {
    published.push(names);
    return 'sha256:1';
  };
  const common = { fat: { names: [], digest: 'sha256:0' } as unknown as Image, tags: ['site.slim:latest'] };
  const write = (...destinations: string[]) =>
    writeOutputs(slim, {
      ...{ ...common, destinations, store: { publish } as unknown as ImageStore, createdSeconds: 0 },
      signal: new AbortController().signal,
    });
  expect(await write('docker-daemon:shop:1')).toEqual({
    outputs: [{ destination: 'docker-daemon:shop:1', digest: 'sha256:1' }],
    names: ['shop:1'],
  });
  const archive = join(folder.path, 'x.tar');
  expect((await write('docker-daemon:shop:1', `docker-archive:${archive}`)).names).toEqual([
    'shop:1',
    'site.slim:latest',
  ]);
  expect((await write(`docker-archive:${archive}:shop:2`, 'docker-daemon:')).names).toEqual([
    'shop:2',
    'site.slim:latest',
  ]);
  expect(published).toEqual([['shop:1'], ['shop:1'], ['site.slim:latest']]);
});

test('destinations that cannot be are refused before any work', async () => {
  using folder = temporaryDirectory();
  const check = (destination: string) => checkDestinations([destination], 'local', undefined);
  await check(`oci:${folder.path}/new:name`);
  await expect(check(`docker-archive:${folder.path}/none/x.tar`)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: `there is no folder for ${folder.path}/none/x.tar`,
  });
  await expect(check('oci-archive:/dev/null/x')).rejects.toThrow('there is no folder for /dev/null/x');
  await expect(check('docker-daemon:x')).rejects.toThrow('the local engine has no store');
});
