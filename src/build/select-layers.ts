import type { ImagePath } from '../rootfs/path.ts';
import type { LayerSelection } from '../tar/filter-layer.ts';
import type { LayerIndex, Placement } from '../tar/layer-index.ts';

/**
 * What is copied from each layer, oldest first, so that the copies on top of each other show the kept paths as the
 * image does; undefined for a layer that has nothing of that. A file comes from the topmost layer that has it, so no
 * copy needs a whiteout. A directory comes from every layer that has an entry for it, as long as it is the same
 * directory: what is copied from a layer then depends on little else than the kept paths it has.
 */
export function selectLayers(
  indexes: readonly LayerIndex[],
  kept: readonly ImagePath[],
): (LayerSelection | undefined)[] {
  const chosen = indexes.map((): Chosen => ({ directories: [], files: [], madeUp: [], isNeeded: false }));
  for (const path of kept) choose(path, indexes, chosen);
  return chosen.map((of, at) => (of.isNeeded ? selectionOf(of, indexes[at] as LayerIndex) : undefined));
}

interface Chosen {
  readonly directories: ImagePath[];
  readonly files: ImagePath[];
  readonly madeUp: ImagePath[];
  /** Something that the image shows comes from here. */
  isNeeded: boolean;
}

function choose(path: ImagePath, indexes: readonly LayerIndex[], chosen: readonly Chosen[]): void {
  const layers = layersOf(path, indexes);
  const top = layers[0];
  if (top === undefined) return;
  if (indexes[top]?.get(path)?.kind === 'other') {
    add(chosen[top], 'files', path, true);
    return;
  }
  const stated = layers.filter((layer) => indexes[layer]?.get(path)?.record !== undefined);
  for (const [position, layer] of stated.entries()) add(chosen[layer], 'directories', path, position === 0);
  if (stated.length === 0) add(chosen[layers.at(-1) as number], 'madeUp', path, true);
}

function add(of: Chosen | undefined, list: 'directories' | 'files' | 'madeUp', path: ImagePath, isNeeded: boolean) {
  if (!of) return;
  of[list].push(path);
  of.isNeeded ||= isNeeded;
}

/** The layers, top first, in which a path is what the image shows: one for a file, one or more for a directory. */
function layersOf(path: ImagePath, indexes: readonly LayerIndex[]): number[] {
  const layers: number[] = [];
  for (let at = indexes.length - 1; at >= 0; at--) {
    const index = indexes[at] as LayerIndex;
    const kind = index.get(path)?.kind;
    if (kind === 'directory' || (kind === 'other' && layers.length === 0)) layers.push(at);
    if (kind === 'other' || index.hides(path)) break;
  }
  return layers;
}

/** Of the kept names of a hard-linked file the one that comes first gets the data, and the others are linked to it. */
function selectionOf({ directories, files, madeUp }: Chosen, index: LayerIndex): LayerSelection {
  const records = new Map<number, { path: ImagePath; linkTarget?: ImagePath }>();
  for (const path of directories) records.set(index.get(path)?.record as number, { path });
  const byRecord = files
    .map((path) => ({ path, placed: index.get(path) as Placement }))
    .sort((a, b) => (a.placed.record as number) - (b.placed.record as number));
  for (const { path, placed } of byRecord) {
    const data = placed.data as number;
    const first = records.get(data);
    if (first) records.set(placed.record as number, { path, linkTarget: first.path });
    else records.set(data, { path });
  }
  return { records, madeUp };
}
