import { createReadStream } from 'node:fs';
import { fileOf, type NewFile } from '../tar/write.ts';
import { digestOf } from './digest.ts';
import type { GzippedLayer } from './gzip-layer.ts';
import { blobName, CONTAINERD_NAME, OCI_INDEX, REF_NAME } from './oci.ts';
import { formatImageName, parseImageName } from './reference.ts';
import type { Digest } from './types.ts';
import type { NewImage } from './write.ts';

/** What an index says of a manifest. */
interface IndexItem {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: object;
}

export interface Layout {
  /** Of the manifest. */
  readonly digest: Digest;
  /** One item a tag, or a single one without a name. */
  readonly items: readonly IndexItem[];
  /** `oci-layout`, the blobs, and last the index of this image alone. */
  readonly files: readonly NewFile[];
}

const TYPES = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** The files of an OCI layout with one image. Source: OCI image-spec image-layout.md. */
export function layoutOf(image: NewImage, layers: readonly GzippedLayer[]): Layout {
  const config = Buffer.from(JSON.stringify(image.config));
  const manifest = jsonOf({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, digest: digestOf(config), size: config.length },
    layers: layers.map(({ digest, sizeBytes }) => ({ mediaType: TYPES.layer, digest, size: sizeBytes })),
    ...(Object.keys(image.annotations).length === 0 ? {} : { annotations: image.annotations }),
  });
  const digest = digestOf(manifest);
  const { os, architecture, variant } = image.config;
  const platform = { architecture, os, ...(variant ? { variant } : {}) };
  const item: IndexItem = { mediaType: TYPES.manifest, digest, size: manifest.length, platform };
  const items = image.tags.length === 0 ? [item] : image.tags.map((tag) => ({ ...item, annotations: namesOf(tag) }));
  const layerFiles = layers.map(
    (layer): NewFile => ({
      name: blobName(layer.digest),
      sizeBytes: layer.sizeBytes,
      open: () => createReadStream(layer.path, { highWaterMark: 1 << 20 }),
    }),
  );
  const files = [
    fileOf('oci-layout', jsonOf({ imageLayoutVersion: '1.0.0' })),
    fileOf(blobName(digestOf(config)), config),
    fileOf(blobName(digest), manifest),
    ...layerFiles,
    fileOf(OCI_INDEX, indexOf(items)),
  ];
  return { digest, items, files };
}

/** The bytes of `index.json`. */
export function indexOf(manifests: readonly object[]): Buffer {
  return jsonOf({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests });
}

function namesOf(tag: string): Record<string, string> {
  const name = parseImageName(tag);
  return { ...(name ? { [CONTAINERD_NAME]: formatImageName(name) } : {}), [REF_NAME]: tag };
}

function jsonOf(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
