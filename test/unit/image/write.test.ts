import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openImage } from '../../../src/image/open.ts';
import type { ImageConfig } from '../../../src/image/types.ts';
import { type NewImage, writeImage } from '../../../src/image/write.ts';
import { temporaryDirectory } from '../../support/engine.ts';
import { LAYER, sha256 } from '../../support/images.ts';
import { collect, recordsOf } from '../../support/tar.ts';

const { signal } = new AbortController();
const options = { signal, createdSeconds: 1_600_000_000 };
const config: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  config: { Cmd: ['/bin/x'], Labels: { a: 'b' } },
  rootfs: { type: 'layers', diff_ids: [sha256(LAYER)] },
  history: [{ created_by: 'trace-slim build' }],
  unknown: { kept: true },
};
let folder: ReturnType<typeof temporaryDirectory>;
let image: NewImage;

beforeEach(() => {
  folder = temporaryDirectory();
  const path = join(folder.path, 'layer.tar');
  writeFileSync(path, LAYER);
  mkdirSync(join(folder.path, 'out'));
  const layer = { path, diffId: sha256(LAYER), sizeBytes: LAYER.length };
  image = {
    config,
    layers: [layer],
    tags: ['app.slim:1'],
    annotations: { 'org.opencontainers.image.base.name': 'app:1' },
  };
});
afterEach(() => folder[Symbol.dispose]());

const out = (name: string) => join(folder.path, 'out', name);
const written = () => readdirSync(join(folder.path, 'out'));
const FORMATS = ['docker-archive', 'oci-archive', 'oci'] as const;

describe('writeImage', () => {
  test.each(FORMATS)('to %s gives an image that is read back the same', async (format) => {
    const { digest, destination } = await writeImage(image, `${format}:${out('image')}`, options);
    expect(destination).toBe(`${format}:${out('image')}`);
    await using read = await openImage(destination, { signal });
    expect(read).toMatchObject({ digest, config });
    expect(read.names).toContain('app.slim:1');
    expect(await collect(read.layers[0]?.open() as AsyncIterable<Buffer>)).toEqual(LAYER);
    expect(written()).toEqual(['image']);
  });

  test.each(['docker-archive', 'oci-archive'])('to %s gives the same bytes every time', async (format) => {
    await writeImage(image, `${format}:${out('one')}`, options);
    await writeImage(image, `${format}:${out('two')}`, options);
    expect(readFileSync(out('one')).equals(readFileSync(out('two')))).toBe(true);
    const records = await recordsOf(readFileSync(out('one')));
    for (const { header } of records) {
      expect(header).toMatchObject({ uid: 0, gid: 0, mode: 0o644, mtimeSeconds: 1_600_000_000 });
    }
  });

  test('compresses the layer of an OCI image with a header that depends on nothing', async () => {
    await writeImage(image, `oci:${out('layout')}`, options);
    const blobs = readdirSync(out('layout/blobs/sha256')).map((name) =>
      readFileSync(out(`layout/blobs/sha256/${name}`)),
    );
    const layer = blobs.find((blob) => blob[0] === 0x1f) as Buffer;
    expect(layer.subarray(0, 10).toString('hex')).toMatch(/^1f8b080000000000..ff$/);
    expect(gunzipSync(layer)).toEqual(LAYER);
  });

  test('carries annotations in the OCI manifest', async () => {
    const { digest } = await writeImage(image, `oci:${out('layout')}`, options);
    const manifest = JSON.parse(readFileSync(out(`layout/blobs/sha256/${digest.slice(7)}`), 'utf8'));
    expect(manifest.annotations).toEqual(image.annotations);
  });

  test('takes a name from the destination in place of the tags', async () => {
    await writeImage(image, `docker-archive:${out('a.tar')}:docker.io/library/other`, options);
    await using read = await openImage(out('a.tar'), { signal });
    expect(read.names).toEqual(['other:latest']);
  });

  test('replaces a file and leaves nothing else', async () => {
    writeFileSync(out('a.tar'), 'old');
    await writeImage(image, `docker-archive:${out('a.tar')}`, options);
    await using read = await openImage(out('a.tar'), { signal });
    expect(read.names).toEqual(['app.slim:1']);
    expect(written()).toEqual(['a.tar']);
  });

  test('extends a layout, replacing the image of the same name', async () => {
    const changed = { ...image, config: { ...config, created: '2021-01-01T00:00:00Z' } };
    await writeImage(image, `oci:${out('layout')}:one`, options);
    await writeImage(image, `oci:${out('layout')}:two`, options);
    const { digest } = await writeImage(changed, `oci:${out('layout')}:one`, options);
    const index = JSON.parse(readFileSync(out('layout/index.json'), 'utf8'));
    expect(index.manifests).toHaveLength(2);
    await using one = await openImage(`oci:${out('layout')}:one`, { signal });
    await using two = await openImage(`oci:${out('layout')}:two`, { signal });
    expect(one).toMatchObject({ digest, config: { created: '2021-01-01T00:00:00Z' } });
    expect(two.config).not.toHaveProperty('created');
  });

  test('fills an empty directory', async () => {
    mkdirSync(out('layout'));
    await writeImage(image, `oci:${out('layout')}`, options);
    expect(existsSync(out('layout/oci-layout'))).toBe(true);
    expect(written()).toEqual(['layout']);
  });
});

test('a bare path that ends in .tar is written as a docker-archive', async () => {
  const { destination } = await writeImage(image, out('bare.tar'), options);
  expect(destination).toBe(`docker-archive:${out('bare.tar')}`);
  expect(existsSync(out('bare.tar'))).toBe(true);
});

describe('writeImage refuses', () => {
  const failure = (destination: string, what = image) => writeImage(what, destination, options);

  test.each(['rootfs:x', 'image:latest', 'docker-archive:', 'oci'])('the destination %s', async (destination) => {
    await expect(failure(destination)).rejects.toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });

  test.each(FORMATS)('a folder that does not exist for %s', async (format) => {
    const gone = failure(`${format}:${out('no/such/image')}`);
    await expect(gone).rejects.toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    expect(written()).toEqual([]);
  });

  test('a directory that is no layout', async () => {
    await expect(failure(`oci:${folder.path}`)).rejects.toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
    expect(readdirSync(folder.path).sort()).toEqual(['layer.tar', 'out']);
  });

  test('a name that Docker would not load', async () => {
    const named = failure(`docker-archive:${out('a.tar')}`, { ...image, tags: ['Not A Name'] });
    await expect(named).rejects.toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });

  test.each(FORMATS)('a layer that is not what it says, and leaves nothing of %s', async (format) => {
    writeFileSync(join(folder.path, 'layer.tar'), LAYER.subarray(0, 1024));
    await expect(failure(`${format}:${out('image')}`)).rejects.toThrow();
    expect(written()).toEqual([]);
    expect(readdirSync(folder.path).sort()).toEqual(['layer.tar', 'out']);
  });

  test.each(FORMATS)('to go on when aborted, and leaves nothing of %s', async (format) => {
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    const aborted = writeImage(image, `${format}:${out('image')}`, { ...options, signal: controller.signal });
    await expect(aborted).rejects.toThrow('stopped');
    expect(written()).toEqual([]);
  });

  test('to damage a layout it cannot extend', async () => {
    await writeImage(image, `oci:${out('layout')}:one`, options);
    const before = readdirSync(out('layout/blobs/sha256'));
    writeFileSync(join(folder.path, 'layer.tar'), Buffer.concat([LAYER, Buffer.alloc(512)]));
    await expect(failure(`oci:${out('layout')}:two`)).rejects.toThrow();
    expect(readdirSync(out('layout/blobs/sha256'))).toEqual(before);
    await using one = await openImage(`oci:${out('layout')}`, { signal });
    expect(one.names).toContain('one');
    expect(written()).toEqual(['layout']);
  });
});
