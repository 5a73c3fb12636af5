import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type TestEntry, tarBytes } from './tar.ts';

export const LAYER = tarBytes([{ name: 'etc/hello', body: 'hello' }]);

export function sha256(bytes: Buffer | string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function hex(bytes: Buffer | string): string {
  return sha256(bytes).slice(7);
}

export interface TestImage {
  readonly config?: object;
  /** As stored. */
  readonly layers?: readonly Buffer[];
  readonly diffIds?: readonly string[];
  readonly layerType?: string;
}

function configOf({ config = {}, layers = [gzipSync(LAYER)], diffIds = layers.map(() => sha256(LAYER)) }: TestImage) {
  const base = { architecture: 'amd64', os: 'linux', config: { Env: ['A=1'] } };
  return Buffer.from(JSON.stringify({ ...base, rootfs: { type: 'layers', diff_ids: diffIds }, ...config }));
}

/** A set of files by name: an OCI layout, or what a `docker save` archive has in it. */
export type Files = Record<string, Buffer | string>;

/** Blobs of one image, and its descriptor for an index. */
export function ociImage(image: TestImage = {}): { files: Files; descriptor: Record<string, unknown> } {
  const { layers = [gzipSync(LAYER)], layerType = 'application/vnd.oci.image.layer.v1.tar+gzip' } = image;
  const config = configOf(image);
  const manifest = {
    schemaVersion: 2,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: config.length },
    layers: layers.map((blob) => ({ mediaType: layerType, digest: sha256(blob), size: blob.length })),
  };
  return blobOf(JSON.stringify(manifest), 'application/vnd.oci.image.manifest.v1+json', [config, ...layers]);
}

/** An index as a blob, over descriptors. */
export function ociIndex(manifests: readonly object[]): { files: Files; descriptor: Record<string, unknown> } {
  return blobOf(JSON.stringify({ schemaVersion: 2, manifests }), 'application/vnd.oci.image.index.v1+json', []);
}

function blobOf(text: string, mediaType: string, blobs: readonly Buffer[]) {
  const files: Files = {};
  for (const blob of [Buffer.from(text), ...blobs]) files[`blobs/sha256/${hex(blob)}`] = blob;
  return { files, descriptor: { mediaType, digest: sha256(text), size: Buffer.byteLength(text) } };
}

/** A whole layout: blobs, and an index over descriptors. */
export function ociLayout(blobs: readonly Files[], manifests: readonly object[]): Files {
  const top = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
  return { ...top, ...Object.assign({}, ...blobs), 'index.json': JSON.stringify({ schemaVersion: 2, manifests }) };
}

/** What `docker save` of one image with a plain layer has in it. */
export function dockerFiles(tags: readonly string[] | null = ['test:1'], image: TestImage = {}): Files {
  const { layers = [LAYER] } = image;
  const config = configOf({ ...image, layers });
  const names = layers.map((_, at) => `layer${at}/layer.tar`);
  const item = { Config: `${hex(config)}.json`, RepoTags: tags, Layers: names };
  const files: Files = { [item.Config]: config, 'manifest.json': JSON.stringify([item]) };
  for (const [at, layer] of layers.entries()) files[names[at] as string] = layer;
  return files;
}

export function archiveOf(files: Files, more: readonly TestEntry[] = []): Buffer {
  const entries = Object.entries(files).map(([name, body]) => ({ name, body: body.toString('latin1') }));
  return tarBytes([...entries, ...more]);
}

/** Puts files into a folder, making folders as needed. Gives the folder. */
export function writeFiles(folder: string, files: Files): string {
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), body);
  }
  return folder;
}
