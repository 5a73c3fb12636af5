import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openImage } from '../../../src/image/open.ts';
import type { Image } from '../../../src/image/types.ts';
import { temporaryDirectory } from '../../support/engine.ts';
import {
  archiveOf,
  dockerFiles,
  type Files,
  hex,
  LAYER,
  ociImage,
  ociIndex,
  ociLayout,
  sha256,
  type TestImage,
  writeFiles,
} from '../../support/images.ts';
import { collect } from '../../support/tar.ts';

const { signal } = new AbortController();
const REF = 'org.opencontainers.image.ref.name';
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };
let folder: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder[Symbol.dispose]());

function saved(bytes: Buffer, name = 'image.tar'): string {
  const path = join(folder.path, name);
  writeFileSync(path, bytes);
  return path;
}

function layoutFolder(files: Files): string {
  return writeFiles(join(folder.path, 'layout'), files);
}

async function layersOf(image: Image): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for (const layer of image.layers) found.push(await collect(layer.open()));
  return found;
}

/** Opens, reads every layer, closes. */
async function readAll(source: string, platform = AMD64) {
  await using image = await openImage(source, { signal, platform });
  return { ...image, bytes: await layersOf(image) };
}

const failsWith = (code: string, text = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(text), hint: expect.any(String) });

function oneImage(image?: TestImage, annotations?: object): Files {
  const { files, descriptor } = ociImage(image);
  return ociLayout([files], [{ ...descriptor, ...(annotations ? { annotations } : {}) }]);
}

describe('every format', () => {
  const docker = dockerFiles(['test:1']);
  const oci = oneImage({}, { [REF]: 'test:1' });
  test.each([
    ['docker-archive', () => `docker-archive:${saved(archiveOf(docker))}`],
    ['docker-archive with a name', () => `docker-archive:${saved(archiveOf(docker))}:docker.io/library/test:1`],
    ['docker-archive, bare', () => saved(archiveOf(docker))],
    ['docker-archive, gzip', () => saved(gzipSync(archiveOf(docker)), 'image.tar.gz')],
    ['docker-archive that is an OCI layout too', () => saved(archiveOf({ ...oci, ...docker }))],
    ['oci', () => `oci:${layoutFolder(oci)}`],
    ['oci with a name', () => `oci:${layoutFolder(oci)}:test:1`],
    ['oci, bare', () => layoutFolder(oci)],
    ['oci-archive', () => `oci-archive:${saved(archiveOf(oci))}:test:1`],
    ['oci-archive, bare', () => saved(archiveOf(oci), 'with:colon.tar')],
  ])('gives names, configuration, platform and the plain layer: %s', async (_, source) => {
    const image = await readAll(source());
    expect(image).toMatchObject({ names: ['test:1'], platform: AMD64, bytes: [LAYER] });
    expect(image.config).toMatchObject({ config: { Env: ['A=1'] }, rootfs: { diff_ids: [sha256(LAYER)] } });
    expect(image.layers[0]?.diffId).toBe(sha256(LAYER));
  });

  test('keeps unknown keys of the configuration and forgets nulls where a key is never null', async () => {
    const config = { extra: { a: [1] }, created: null, config: { Env: null, Cmd: null, Unknown: 1 } };
    const image = await readAll(saved(archiveOf(dockerFiles(null, { config }))));
    expect(image.names).toEqual([]);
    expect(image.config).toMatchObject({ extra: { a: [1] }, config: { Cmd: null, Unknown: 1 } });
    expect(image.config).not.toHaveProperty('created');
    expect(image.config.config).not.toHaveProperty('Env');
  });

  test('leaves no temporary file of a compressed archive', async () => {
    const own = () => readdirSync(tmpdir()).filter((name) => /^trace-slim-[0-9a-f]{8}-/.test(name));
    const path = saved(gzipSync(archiveOf(docker)));
    await using image = await openImage(path, { signal });
    expect(image.names).toEqual(['test:1']);
    expect(own()).toEqual([]);
  });
});

describe('docker-archive', () => {
  const saveAs = (files: Files, more?: Parameters<typeof archiveOf>[1]) => saved(archiveOf(files, more));

  test('follows links between layers, as older Dockers and Podman write them', async () => {
    const { 'layer0/layer.tar': layer, ...rest } = dockerFiles(['a:1'], { layers: [LAYER, LAYER] });
    const files = { ...rest, [`${hex(LAYER)}.tar`]: layer as Buffer };
    delete (files as Files)['layer1/layer.tar'];
    const links = [
      { name: 'layer0/layer.tar', typeflag: '2', linkName: `../${hex(LAYER)}.tar` },
      { name: 'layer1/layer.tar', typeflag: '1', linkName: 'layer0/layer.tar' },
    ];
    expect((await readAll(saveAs(files, links))).bytes).toEqual([LAYER, LAYER]);
  });

  test('reads layers that are compressed', async () => {
    const layers = [gzipSync(LAYER)];
    expect((await readAll(saveAs(dockerFiles(['a:1'], { layers })))).bytes).toEqual([LAYER]);
  });

  test('has several images only by name', async () => {
    const [one, two] = [dockerFiles(['one:1', 'uno:1']), dockerFiles(['two:1'], { config: { created: 'x' } })];
    const manifest = [one, two].flatMap((files) => JSON.parse(String(files['manifest.json'])));
    const path = saveAs({ ...one, ...two, 'manifest.json': JSON.stringify(manifest) });
    const several = await openImage(path, { signal }).catch((error) => error);
    expect(several).toMatchObject({ code: 'USAGE_INVALID', hint: expect.stringContaining('one:1, uno:1, two:1') });
    expect(await readAll(`${path}:two:1`)).toMatchObject({ names: ['two:1'], config: { created: 'x' } });
    await expect(openImage(`${path}:three`, { signal })).rejects.toThrow(failsWith('IMAGE_NOT_FOUND', 'three'));
  });

  test('is refused when a layer, the configuration or the number of layers is not what it should be', async () => {
    const good = dockerFiles();
    const config = Object.keys(good).find((name) => name.endsWith('.json') && name !== 'manifest.json') as string;
    const open = async (files: Files) => readAll(saveAs(files));
    const { [config]: _config, ...withoutConfig } = good;
    const { 'layer0/layer.tar': _layer, ...withoutLayer } = good;
    await expect(open(withoutConfig)).rejects.toThrow(failsWith('IMAGE_INVALID', config));
    await expect(open(withoutLayer)).rejects.toThrow(failsWith('IMAGE_INVALID', 'layer0/layer.tar'));
    await expect(open({ ...good, [config]: '{}' })).rejects.toThrow(failsWith('DIGEST_MISMATCH'));
    const changed = Buffer.from(LAYER).fill('j', 512, 513);
    await expect(open({ ...good, 'layer0/layer.tar': changed })).rejects.toThrow(failsWith('DIGEST_MISMATCH'));
    const diffIds = [sha256(LAYER), sha256(LAYER)];
    await expect(open(dockerFiles(null, { diffIds }))).rejects.toThrow(failsWith('IMAGE_INVALID', '1 layers'));
  });

  test('of before Docker 1.10 is refused with advice', async () => {
    const path = saveAs({ repositories: '{}', 'id/layer.tar': LAYER });
    await expect(openImage(path, { signal })).rejects.toThrow(failsWith('IMAGE_INVALID', 'older than 1.10'));
  });
});

describe('OCI layout', () => {
  test('gives the manifest digest', async () => {
    const { files, descriptor } = ociImage();
    expect((await readAll(`oci:${layoutFolder(ociLayout([files], [descriptor]))}`)).digest).toBe(descriptor.digest);
  });

  test('chooses by platform in nested indexes and passes over attestations', async () => {
    const amd = ociImage();
    const arm = ociImage({ config: ARM64 });
    const attestation = ociImage({ config: { created: 'attestation' } });
    const inner = ociIndex([
      { ...attestation.descriptor, platform: { os: 'unknown', architecture: 'unknown' } },
      { ...arm.descriptor, platform: ARM64 },
      { ...amd.descriptor, platform: AMD64 },
    ]);
    const outer = ociIndex([inner.descriptor]);
    const blobs = [amd, arm, attestation, inner, outer].map(({ files }) => files);
    const path = layoutFolder(ociLayout(blobs, [{ ...outer.descriptor, annotations: { [REF]: 'multi' } }]));
    expect((await readAll(path)).digest).toBe(amd.descriptor.digest);
    const second = await readAll(`oci:${path}:multi`, { os: 'linux', architecture: 'arm64' });
    expect(second).toMatchObject({ digest: arm.descriptor.digest, platform: ARM64, names: ['multi'] });
    const s390x = openImage(path, { signal, platform: { os: 'linux', architecture: 's390x' } });
    await expect(s390x).rejects.toThrow(failsWith('PLATFORM_UNSUPPORTED', 'linux/arm64/v8, linux/amd64'));
  });

  test('has several names only by name', async () => {
    const [one, two] = [ociImage(), ociImage({ config: { created: 'x' } })];
    const named = [one, two].map(({ descriptor }, at) => ({ ...descriptor, annotations: { [REF]: `v${at}` } }));
    const path = layoutFolder(ociLayout([one.files, two.files], named));
    await expect(openImage(path, { signal })).rejects.toThrow(failsWith('USAGE_INVALID'));
    expect((await readAll(`oci:${path}:v1`)).digest).toBe(two.descriptor.digest);
    await expect(openImage(`oci:${path}:v2`, { signal })).rejects.toThrow(failsWith('IMAGE_NOT_FOUND', 'v2'));
  });

  test('takes an image of another architecture that stands alone, but not one for another system', async () => {
    const arm = layoutFolder(oneImage({ config: ARM64 }));
    await using image = await openImage(arm, { signal });
    expect(image.platform).toEqual(ARM64);
    const windows = openImage(saved(archiveOf(oneImage({ config: { os: 'windows' } }))), { signal });
    await expect(windows).rejects.toThrow(failsWith('PLATFORM_UNSUPPORTED', 'windows/amd64'));
  });

  test.each([
    ['application/vnd.oci.image.layer.v1.tar+gzip+encrypted', 'encrypted'],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'foreign'],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'foreign'],
  ])('refuses layers of type %s', async (layerType, text) => {
    const path = layoutFolder(oneImage({ layerType }));
    await expect(openImage(path, { signal })).rejects.toThrow(failsWith('LAYER_UNSUPPORTED', text));
  });

  test('verifies every blob it reads', async () => {
    const { files, descriptor } = ociImage();
    for (const [name, content] of Object.entries(files)) {
      const layout = ociLayout(
        [files, { [name]: Buffer.concat([Buffer.from(content), Buffer.from(' ')]) }],
        [descriptor],
      );
      await expect(readAll(saved(archiveOf(layout)))).rejects.toThrow(failsWith('DIGEST_MISMATCH'));
      const { [name]: _gone, ...without } = ociLayout([files], [descriptor]);
      await expect(readAll(saved(archiveOf(without)))).rejects.toThrow(failsWith('IMAGE_INVALID', name));
    }
    await expect(readAll(layoutFolder(oneImage({ diffIds: [sha256('other')] })))).rejects.toThrow(
      failsWith('DIGEST_MISMATCH'),
    );
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['a manifest without a digest', JSON.stringify({ manifests: [{ mediaType: 'x', size: 1 }] })],
    ['a digest that leads elsewhere', JSON.stringify({ manifests: [{ mediaType: 'x', size: 1, digest: '../../x' }] })],
    ['no manifests', JSON.stringify({ manifests: [] })],
    ['too much', ' '.repeat(9_000_000)],
  ])('refuses an index of %s', async (_, index) => {
    const path = layoutFolder({ ...oneImage(), 'index.json': index });
    await expect(openImage(path, { signal })).rejects.toThrow(failsWith('IMAGE_INVALID'));
  });

  test('refuses indexes that are nested too deep', async () => {
    let { files, descriptor } = ociImage();
    for (let depth = 0; depth < 6; depth++) {
      const index = ociIndex([descriptor]);
      files = { ...files, ...index.files };
      descriptor = index.descriptor;
    }
    const path = layoutFolder(ociLayout([files], [descriptor]));
    await expect(openImage(path, { signal })).rejects.toThrow(failsWith('IMAGE_INVALID', 'nested'));
  });
});

describe('what is no image', () => {
  test('is told from what is not there', async () => {
    await expect(openImage('docker-archive:/no/such/file', { signal })).rejects.toThrow(failsWith('IMAGE_NOT_FOUND'));
    await expect(openImage('rootfs:/no/such/folder', { signal })).rejects.toThrow(failsWith('IMAGE_NOT_FOUND'));
    const name = await openImage('nginx:latest', { signal }).catch((error) => error);
    expect(name).toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      hint: expect.stringContaining('docker save nginx:latest -o nginx.tar'),
    });
  });

  test.each([
    ['garbage', Buffer.alloc(5000, 'garbage')],
    ['nothing', Buffer.alloc(0)],
    ['another tar', LAYER],
    ['a truncated archive', archiveOf(dockerFiles()).subarray(0, -2000)],
    ['truncated gzip', gzipSync(archiveOf(dockerFiles())).subarray(0, -50)],
  ])('is refused: %s', async (_, bytes) => {
    await expect(openImage(saved(bytes), { signal })).rejects.toThrow(failsWith('IMAGE_INVALID', 'image.tar'));
  });

  test('is refused when the transport does not fit', async () => {
    const file = saved(archiveOf(dockerFiles()));
    await expect(openImage(`oci:${file}`, { signal })).rejects.toThrow(failsWith('USAGE_INVALID'));
    await expect(openImage(`docker-archive:${folder.path}`, { signal })).rejects.toThrow(failsWith('USAGE_INVALID'));
    const hint = expect.objectContaining({ hint: expect.stringContaining(`rootfs:${folder.path}`) });
    await expect(openImage(folder.path, { signal })).rejects.toThrow(hint);
  });
});

test('rootfs: is an image without layers', async () => {
  await using image = await openImage(`rootfs:${folder.path}`, { signal });
  expect(image).toMatchObject({ layers: [], names: [], rootfsDirectory: folder.path, config: { os: 'linux' } });
  expect(existsSync(folder.path)).toBe(true);
});

test('an aborted signal ends the scan of an archive', async () => {
  const controller = new AbortController();
  controller.abort(new Error('stopped'));
  await expect(openImage(saved(archiveOf(dockerFiles())), { signal: controller.signal })).rejects.toThrow('stopped');
});
