import { invalid } from '../tar/header.ts';
import { hexOf, requireBytes } from './digest.ts';
import { type Descriptor, type Manifest, parseImageConfig, parseIndex, parseManifest } from './documents.ts';
import { type ImageFiles, missing, readWhole } from './image-files.ts';
import { layerOf, requireReadable } from './layer.ts';
import { ambiguousName, unknownName } from './names.ts';
import { isPlatform, unsupportedPlatform } from './platform.ts';
import { isSameName } from './reference.ts';
import type { DiffId, Digest, Image, ImageConfig, Layer, Platform } from './types.ts';

export const OCI_INDEX = 'index.json';
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** containerd's and BuildKit's: the full name, where the OCI one holds only a tag. */
export const CONTAINERD_NAME = 'io.containerd.image.name';

const MAX_INDEX_DEPTH = 4;
const INDEX_TYPES = /\.index\.v1\+json$|manifest\.list\.v2\+json$/;

type ImageParts = Pick<Image, 'names' | 'digest' | 'config' | 'layers'>;

/** The file of a blob in a layout. */
export function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/**
 * Reads one image of an OCI layout: `name` chooses among several, the platform among those of an index.
 * The digest is that of the manifest. Source: OCI image-spec image-layout.md.
 */
export async function readOciLayout(
  files: ImageFiles,
  name: string | undefined,
  wanted: Platform,
): Promise<ImageParts> {
  if ((await files.sizeOf(OCI_INDEX)) === undefined) throw missing(OCI_INDEX);
  const index = parseIndex(await readWhole(files, OCI_INDEX), OCI_INDEX);
  const named = chooseByName(index.manifests, name);
  const images = await imagesOf(files, named);
  const chosen = chooseByPlatform(images, wanted);
  const manifest = parseManifest(await readBlob(files, chosen), `manifest ${chosen.digest}`);
  const config = parseImageConfig(await readBlob(files, manifest.config), `configuration ${manifest.config.digest}`);
  const layers = await layersOf(files, manifest, config);
  return { names: [...new Set(named.flatMap(namesOf))], digest: chosen.digest, config, layers };
}

function namesOf({ annotations }: Descriptor): string[] {
  return [annotations?.[CONTAINERD_NAME], annotations?.[REF_NAME]].flatMap((name) => name ?? []);
}

function chooseByName(manifests: readonly Descriptor[], name: string | undefined): Descriptor[] {
  if (name !== undefined) {
    const found = manifests.filter((item) => namesOf(item).some((known) => isSameName(known, name)));
    if (found.length === 0) throw unknownName(name, manifests.flatMap(namesOf));
    return found;
  }
  const primaryNames = new Set(manifests.map((item) => namesOf(item)[0]));
  const digests = new Set(manifests.map((item) => item.digest));
  if (primaryNames.size > 1 && digests.size > 1) throw ambiguousName([...new Set(manifests.flatMap(namesOf))]);
  return [...manifests];
}

/** The image manifests below some descriptors, each index opened once; attestations and the like left out. */
async function imagesOf(
  files: ImageFiles,
  items: readonly Descriptor[],
  depth = MAX_INDEX_DEPTH,
  opened = new Set<Digest>(),
): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  for (const item of items) {
    if (!INDEX_TYPES.test(item.mediaType)) {
      if (isImage(item)) found.push(item);
      continue;
    }
    if (opened.has(item.digest)) continue;
    if (depth === 0) throw invalid('image indexes are nested too deep');
    opened.add(item.digest);
    const { manifests } = parseIndex(await readBlob(files, item), `index ${item.digest}`);
    for (const image of await imagesOf(files, manifests, depth - 1, opened)) found.push(image);
  }
  return found;
}

function isImage({ platform, annotations }: Descriptor): boolean {
  return platform?.os !== 'unknown' && annotations?.['vnd.docker.reference.type'] === undefined;
}

/** A single image is taken whatever it is for: its own configuration tells that, and is checked later. */
function chooseByPlatform(images: readonly Descriptor[], wanted: Platform): Descriptor {
  const distinct = [...new Map(images.map((image) => [image.digest, image])).values()];
  const [only, ...others] = distinct;
  if (!only) throw invalid('the layout holds no image');
  if (others.length === 0) return only;
  const offered = distinct.flatMap(({ platform }) => platform ?? []);
  const chosen = distinct.find(({ platform }) => platform !== undefined && isPlatform(asPlatform(platform), wanted));
  if (!chosen) throw unsupportedPlatform('the image', offered.map(asPlatform), wanted);
  return chosen;
}

function asPlatform({ os, architecture, variant }: NonNullable<Descriptor['platform']>): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

async function readBlob(files: ImageFiles, { digest, size }: Descriptor): Promise<Buffer> {
  const bytes = await readWhole(files, blobName(digest));
  requireBytes(bytes, { subject: `blob ${digest}`, digest, sizeBytes: size });
  return bytes;
}

async function layersOf(files: ImageFiles, manifest: Manifest, config: ImageConfig): Promise<Layer[]> {
  const diffIds = config.rootfs.diff_ids;
  for (const { mediaType, digest } of manifest.layers) requireReadable(mediaType, `layer ${digest}`);
  if (manifest.layers.length !== diffIds.length) {
    throw invalid(`the manifest has ${manifest.layers.length} layers, its configuration ${diffIds.length}`);
  }
  return Promise.all(manifest.layers.map((item, at) => openBlob(files, item, diffIds[at] as DiffId)));
}

async function openBlob(files: ImageFiles, { digest, size }: Descriptor, diffId: DiffId): Promise<Layer> {
  const name = blobName(digest);
  if ((await files.sizeOf(name)) === undefined) throw missing(name);
  return layerOf(files, { name, diffId, sizeBytes: size, digest });
}
