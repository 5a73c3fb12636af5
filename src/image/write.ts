import { createReadStream } from 'node:fs';
import { TraceSlimError } from '../errors.ts';
import { fileOf, type NewFile, tarOf } from '../tar/write.ts';
import { writeAtomically } from './atomic-file.ts';
import { digestOf, hexOf } from './digest.ts';
import { DOCKER_MANIFEST } from './docker-archive.ts';
import { gzippedLayers } from './gzip-layer.ts';
import { writeLayoutDirectory } from './oci-directory.ts';
import { layoutOf } from './oci-layout.ts';
import { formatImageName, parseImageName, parseLocation, type Transport } from './reference.ts';
import type { DiffId, Digest, ImageConfig } from './types.ts';

/** An image to be written. Its layers are uncompressed tars in files, oldest first, no two of them the same. */
export interface NewImage {
  readonly config: ImageConfig;
  readonly layers: readonly { readonly path: string; readonly diffId: DiffId; readonly sizeBytes: number }[];
  /** Names such as `nginx.slim:latest`; the first is the main one. */
  readonly tags: readonly string[];
  /** OCI manifest annotations; docker-archive has no place for them. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface WriteImageOptions {
  readonly signal: AbortSignal;
  /** Time stamps inside the archive, seconds since 1970. */
  readonly createdSeconds: number;
}

export interface WrittenImage {
  readonly destination: string;
  /** Of the manifest; for docker-archive of the configuration. */
  readonly digest: Digest;
}

/**
 * Writes an image to `docker-archive:FILE[:NAME]`, `oci:DIR[:NAME]` or `oci-archive:FILE[:NAME]`; a name there replaces
 * the tags; a bare path that ends in `.tar` is a docker-archive. Files are replaced, a layout directory is extended. Same image, same bytes. What is written is there whole
 * or not at all. Fails with USAGE_INVALID, DISK_FULL or PERMISSION_DENIED.
 */
export async function writeImage(
  image: NewImage,
  destination: string,
  options: WriteImageOptions,
): Promise<WrittenImage> {
  const { transport, path, name } = parseDestination(destination);
  if (transport === 'docker-daemon') throw new Error('the store of an engine is no file');
  const named = name === undefined ? image : { ...image, tags: [name] };
  const digest = await WRITERS[transport](named, path, options);
  return { destination: `${transport}:${path}${name === undefined ? '' : `:${name}`}`, digest };
}

type Writer = (image: NewImage, path: string, options: WriteImageOptions) => Promise<Digest>;

const WRITERS = {
  'docker-archive': writeDockerArchive,
  'oci-archive': writeOciArchive,
  oci: writeOciDirectory,
} as const satisfies Record<Exclude<Transport, 'rootfs' | 'docker-daemon'>, Writer>;

/** Takes a destination apart. Fails with USAGE_INVALID for one that no image can be written to. */
export function parseDestination(destination: string) {
  const { transport: word, rest } = parseLocation(destination);
  const transport = word ?? (rest.endsWith('.tar') ? 'docker-archive' : undefined);
  const colon = rest.indexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  if (transport === 'docker-daemon') return { transport, path: '', name: rest === '' ? undefined : rest };
  if (transport === undefined || transport === 'rootfs' || path === '') {
    throw new TraceSlimError('USAGE_INVALID', `${destination} is nowhere an image can be written to`, {
      hint: 'Use docker-archive:FILE, oci-archive:FILE, oci:DIR, or docker-daemon:NAME.',
    });
  }
  return { transport, path, name: colon === -1 ? undefined : rest.slice(colon + 1) };
}

/** As `docker save` wrote before it also wrote an OCI layout: what every engine loads. */
async function writeDockerArchive(image: NewImage, path: string, options: WriteImageOptions): Promise<Digest> {
  const config = Buffer.from(JSON.stringify(image.config));
  const digest = digestOf(config);
  const layers = image.layers.map(
    (layer): NewFile => ({
      name: `${hexOf(layer.diffId)}.tar`,
      sizeBytes: layer.sizeBytes,
      open: () => createReadStream(layer.path, { highWaterMark: 1 << 20 }),
    }),
  );
  const configName = `${hexOf(digest)}.json`;
  const manifest = [
    { Config: configName, RepoTags: image.tags.map(dockerTag), Layers: layers.map(({ name }) => name) },
  ];
  const files = [fileOf(DOCKER_MANIFEST, Buffer.from(JSON.stringify(manifest))), fileOf(configName, config), ...layers];
  await writeAtomically(path, tarOf(files, options.createdSeconds), options);
  return digest;
}

/** Docker loads only names with a tag. */
function dockerTag(text: string): string {
  const name = parseImageName(text);
  if (!name) {
    throw new TraceSlimError('USAGE_INVALID', `${text} is no image name`, {
      hint: 'Names are lower case, e.g. registry.example:5000/team/app:1.0',
    });
  }
  const full = formatImageName({ ...name, digest: undefined });
  return full.replace(/^docker\.io\/(?:library\/)?/, '');
}

async function writeOciArchive(image: NewImage, path: string, options: WriteImageOptions): Promise<Digest> {
  await using gzipped = await gzippedLayers(image.layers, path, options);
  const layout = layoutOf(image, gzipped.layers);
  await writeAtomically(path, tarOf(layout.files, options.createdSeconds), options);
  return layout.digest;
}

async function writeOciDirectory(image: NewImage, path: string, options: WriteImageOptions): Promise<Digest> {
  await using gzipped = await gzippedLayers(image.layers, path, options);
  const layout = layoutOf(image, gzipped.layers);
  await writeLayoutDirectory(path, layout, options);
  return layout.digest;
}
