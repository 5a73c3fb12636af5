import { join } from 'node:path';
import type { OpenedImage } from '../engine/types.ts';
import { slimConfig } from '../image/config.ts';
import type { Image, ImageConfig } from '../image/types.ts';
import type { KeepSet } from '../keep/keep-set.ts';
import { type LayerFile, layerOf, writeLayerFile } from './layer-file.ts';

/** A slim image that exists as one layer file and a configuration. The disposal removes the file. */
export interface SlimImage extends AsyncDisposable {
  readonly config: ImageConfig;
  readonly layer: LayerFile;
  /** The same as an image that an engine can open. */
  readonly image: Image;
}

export interface BuildOptions {
  /** Folder for the layer file. */
  readonly directory: string;
  readonly version: string;
  /** Seconds since 1970 that the image says it was created. */
  readonly createdSeconds: number;
  readonly signal: AbortSignal;
}

/** Assembles the slim image: one layer of the kept paths, the fat image's configuration. Same input, same digests. */
export async function buildImage(fat: OpenedImage, keep: KeepSet, options: BuildOptions): Promise<SlimImage> {
  const layer = await writeLayerFile(fat, keep.paths(), join(options.directory, 'slim-layer.tar'), options);
  const config = slimConfig(fat.image.config, {
    diffId: layer.diffId,
    created: new Date(options.createdSeconds * 1000).toISOString(),
    version: options.version,
    baseDigest: fat.image.digest,
    baseName: fat.image.names[0] ?? '',
  });
  const image: Image = {
    source: 'slim image',
    location: { transport: 'docker-archive', path: layer.path },
    names: [],
    digest: layer.diffId,
    config,
    platform: fat.image.platform,
    layers: [layerOf(layer)],
    async [Symbol.asyncDispose]() {},
  };
  return { config, layer, image, [Symbol.asyncDispose]: () => layer[Symbol.asyncDispose]() };
}

/** `SOURCE_DATE_EPOCH` where set, else when the fat image was created, else 0. */
export function creationSeconds(fat: ImageConfig, sourceDateEpoch: string | undefined): number {
  if (sourceDateEpoch !== undefined && /^\d{1,12}$/.test(sourceDateEpoch)) return Number(sourceDateEpoch);
  const created = Date.parse(fat.created ?? '');
  return Number.isFinite(created) ? Math.max(0, Math.floor(created / 1000)) : 0;
}
