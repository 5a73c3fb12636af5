import { addAbortSignal, type Readable } from 'node:stream';
import type { OpenedImage } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import type { Image, Layer } from '../image/types.ts';
import type { ImagePath } from '../rootfs/path.ts';
import { filterLayer } from '../tar/filter-layer.ts';
import { indexLayer, type LayerIndex } from '../tar/layer-index.ts';
import { type LayerFile, removeLayers, type WriteOptions, writeLayerFile } from './layer-file.ts';
import { selectLayers } from './select-layers.ts';

interface Options extends WriteOptions {
  /** Folder for the layer files. */
  readonly directory: string;
}

/** A slim image of several layers is made from the layers of the fat one. Errors: USAGE_INVALID where it has none. */
export function checkPreservable(image: Image): void {
  if (!image.rootfsDirectory) return;
  throw new TraceSlimError('USAGE_INVALID', `${image.source} has no layers that could be preserved`, {
    hint: 'Leave out --layers preserve: the slim image of a directory has one layer.',
  });
}

/**
 * The image's layers with nothing but kept paths in them, oldest first, each with the number of the layer it comes from.
 * Layers that nothing is kept of are left out. Same layer and same kept paths, same bytes.
 * Errors: those of reading the layers, DISK_FULL.
 */
export async function preserveLayers(
  fat: OpenedImage,
  kept: readonly ImagePath[],
  options: Options,
): Promise<LayerFile[]> {
  const { directory, signal } = options;
  const written: LayerFile[] = [];
  try {
    const selections = selectLayers(await indexesOf(fat, signal), kept);
    for (const [number, layer] of fat.image.layers.entries()) {
      const selection = selections[number];
      if (!selection) continue;
      const tar = filterLayer(opened(layer, signal), selection);
      const file = await writeLayerFile(tar, `${directory}/slim-layer-${number}.tar`, options);
      written.push({ ...file, original: number });
    }
    return written;
  } catch (error) {
    await removeLayers(written);
    signal.throwIfAborted();
    throw error;
  }
}

/** What an opened image's layers hold does not change from one round of healing to the next. */
const indexesByImage = new WeakMap<OpenedImage, readonly LayerIndex[]>();

async function indexesOf(fat: OpenedImage, signal: AbortSignal): Promise<readonly LayerIndex[]> {
  const known = indexesByImage.get(fat);
  if (known) return known;
  const indexes: LayerIndex[] = [];
  for (const layer of fat.image.layers) {
    indexes.push(await indexLayer(opened(layer, signal), (path) => fat.rootfs.get(path) !== undefined));
  }
  indexesByImage.set(fat, indexes);
  return indexes;
}

function opened(layer: Layer, signal: AbortSignal): Readable {
  return addAbortSignal(signal, layer.open());
}
