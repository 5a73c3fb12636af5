import { join } from 'node:path';
import type { OpenedImage } from '../engine/types.ts';
import { slimConfig } from '../image/config.ts';
import { editConfig } from '../image/config-edits.ts';
import { digestOf } from '../image/digest.ts';
import type { Image, ImageConfig } from '../image/types.ts';
import type { KeepSet } from '../keep/keep-set.ts';
import { planPermissions } from '../keep/permissions.ts';
import type { ImagePath } from '../rootfs/path.ts';
import type { BuildSettings, ConfigEdits, KeepSettings, RunSettings } from '../settings.ts';
import type { Permissions } from '../tar/edit-permissions.ts';
import { type LayerFile, layerOf, removeLayers, type WriteOptions, writeLayerFile } from './layer-file.ts';
import { preserveLayers } from './preserve-layers.ts';

/** A slim image that exists as layer files, oldest first, and a configuration. The disposal removes the files. */
export interface SlimImage extends AsyncDisposable {
  readonly config: ImageConfig;
  /** The same without the user's edits: what the image is verified with. */
  readonly unedited: ImageConfig;
  readonly layers: readonly LayerFile[];
  /** The same as an image that an engine can open. */
  readonly image: Image;
  /** Owners and modes that are not those of the fat image, by path. */
  readonly permissions: ReadonlyMap<ImagePath, Permissions>;
  readonly warnings: readonly string[];
}

export interface BuildOptions {
  readonly layers: BuildSettings['layers'];
  readonly keepSettings: Pick<KeepSettings, 'permissions'>;
  readonly edits: ConfigEdits;
  /** How the image was run, for edits that take that over. */
  readonly run: RunSettings;
  /** Folder for the layer files. */
  readonly directory: string;
  readonly version: string;
  /** Seconds since 1970 that the image says it was created. */
  readonly createdSeconds: number;
  readonly signal: AbortSignal;
}

/** Assembles the slim image: layers of the kept paths, the fat image's configuration with the user's edits. Same input, same digests. */
export async function buildImage(fat: OpenedImage, keep: KeepSet, options: BuildOptions): Promise<SlimImage> {
  const { permissions, warnings } = planPermissions(fat.rootfs, keep, options.keepSettings.permissions ?? []);
  const makeLayers = options.layers === 'preserve' ? preserveLayers : packLayer;
  const layers = await makeLayers(fat, keep.paths(), { ...options, permissions });
  const unedited = slimConfig(fat.image.config, {
    layers,
    created: new Date(options.createdSeconds * 1000).toISOString(),
    version: options.version,
    baseDigest: fat.image.digest,
    baseName: fat.image.names[0] ?? '',
  });
  const config = { ...unedited, config: editConfig(unedited.config ?? {}, options.edits, options.run) };
  const image: Image = {
    source: 'slim image',
    location: { transport: 'docker-archive', path: options.directory },
    names: [],
    digest: digestOf(Buffer.from(JSON.stringify(config))),
    config,
    platform: fat.image.platform,
    layers: layers.map(layerOf),
    async [Symbol.asyncDispose]() {},
  };
  return { config, unedited, layers, image, permissions, warnings, [Symbol.asyncDispose]: () => removeLayers(layers) };
}

/** Everything that is kept as one layer. */
async function packLayer(
  fat: OpenedImage,
  paths: readonly ImagePath[],
  options: WriteOptions & Pick<BuildOptions, 'directory'>,
): Promise<LayerFile[]> {
  return [await writeLayerFile(fat.pack(paths, options), join(options.directory, 'slim-layer.tar'), options)];
}

/** `SOURCE_DATE_EPOCH` where set, else when the fat image was created, else 0. */
export function creationSeconds(fat: ImageConfig, sourceDateEpoch: string | undefined): number {
  if (sourceDateEpoch !== undefined && /^\d{1,12}$/.test(sourceDateEpoch)) return Number(sourceDateEpoch);
  const created = Date.parse(fat.created ?? '');
  return Number.isFinite(created) ? Math.max(0, Math.floor(created / 1000)) : 0;
}
