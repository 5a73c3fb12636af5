import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openImage } from '../../src/image/open.ts';
import { type NewImage, writeImage } from '../../src/image/write.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { LAYER, sha256 } from '../support/images.ts';
import { collect } from '../support/tar.ts';

const { signal } = new AbortController();
const options = { signal, createdSeconds: 1_600_000_000 };
let folder: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder[Symbol.dispose]());

function imageOf(bytes: Buffer): NewImage {
  const path = join(folder.path, 'layer.tar');
  writeFileSync(path, bytes);
  const diffId = sha256(bytes);
  return {
    config: {
      architecture: 'amd64',
      os: 'linux',
      created: '2020-09-13T12:26:40.000Z',
      config: { Cmd: ['/bin/x'], Env: ['A=1'] },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created: '2020-09-13T12:26:40.000Z', created_by: 'trace-slim build' }],
    },
    layers: [{ path, diffId, sizeBytes: bytes.length }],
    tags: ['app.slim:1', 'registry.example:5000/team/app:2'],
    annotations: {},
  };
}

async function skopeo(...args: string[]): Promise<string> {
  return (await execa('skopeo', args)).stdout;
}

describe('skopeo', () => {
  test.each(['docker-archive', 'oci-archive', 'oci'])('inspects and copies what is written to %s', async (format) => {
    const source = `${format}:${join(folder.path, 'image')}`;
    await writeImage(imageOf(LAYER), source, options);
    for (const name of ['app.slim:1', 'registry.example:5000/team/app:2']) {
      const config = JSON.parse(await skopeo('inspect', '--config', `${source}:${name}`));
      expect(config).toMatchObject({ config: { Env: ['A=1'], Cmd: ['/bin/x'] }, os: 'linux' });
    }
    await skopeo('copy', '-q', `${source}:app.slim:1`, `dir:${join(folder.path, 'copy')}`);
    expect(readdirSync(join(folder.path, 'copy'))).toContain('manifest.json');
  });

  test.each(['docker-archive', 'oci-archive', 'oci'])('writes %s archives that are read', async (format) => {
    const written = `oci:${join(folder.path, 'image')}`;
    await writeImage(imageOf(LAYER), written, options);
    const copy = `${format}:${join(folder.path, 'copy')}:example.org/team/app:3`;
    await skopeo('copy', '-q', `${written}:app.slim:1`, copy);
    await using image = await openImage(copy, { signal });
    expect(image.names).toEqual(['example.org/team/app:3']);
    expect(await collect(image.layers[0]?.open() as AsyncIterable<Buffer>)).toEqual(LAYER);
  });

  test('writes zstd layers that are read', async () => {
    const written = `oci:${join(folder.path, 'image')}`;
    await writeImage(imageOf(LAYER), written, options);
    const copy = `oci:${join(folder.path, 'copy')}:x`;
    await skopeo('copy', '-q', '--dest-compress-format', 'zstd', '--dest-compress', `${written}:app.slim:1`, copy);
    await using image = await openImage(copy, { signal });
    expect(await collect(image.layers[0]?.open() as AsyncIterable<Buffer>)).toEqual(LAYER);
  });
});

describe('a full disk', () => {
  test.each(['docker-archive', 'oci-archive', 'oci'])(
    'fails %s with one clear error and leaves nothing',
    async (format) => {
      const image = imageOf(randomBytes(3_000_000));
      const full = join(folder.path, 'full');
      mkdirSync(full);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', full]);
      try {
        const failure = writeImage(image, `${format}:${join(full, 'image')}`, options);
        await expect(failure).rejects.toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
        expect(readdirSync(full)).toEqual([]);
      } finally {
        execFileSync('umount', [full]);
      }
    },
  );
});
