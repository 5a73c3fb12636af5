import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DescribedLayer } from '../host/inherited-directories.ts';
import { readTarSplit } from './tar-split.ts';

/** Where a daemon says that an image's files are. Source: Docker's API, `GraphDriver` of an image. */
export interface GraphDriver {
  readonly Name: string;
  readonly Data?: Readonly<Record<string, string>> | null;
}

/** The folders of an image's layers on this host. */
export interface StoredLayers {
  /** What `lower` is relative to. */
  readonly directory: string;
  /** Top layer first. */
  readonly lower: readonly string[];
  /** What the layers' tars said, top layer first. Reads as much as the image has files. */
  describe(): Promise<DescribedLayer[]>;
}

/**
 * Finds an image's layers in the daemon's own store, when this host has that store and this process may read it. The
 * names of its folders are random, so a folder of that name is the daemon's. Undefined when they are not to be had.
 */
export async function storedLayers(
  driver: GraphDriver | undefined,
  diffIds: readonly string[],
): Promise<StoredLayers | undefined> {
  if (process.geteuid?.() !== 0 || !driver || !/^overlay2?$/.test(driver.Name)) return undefined;
  const { UpperDir, LowerDir } = driver.Data ?? {};
  const folders = [...(UpperDir ? [UpperDir] : []), ...(LowerDir ? LowerDir.split(':') : [])];
  const directory = dirname(dirname(folders[0] ?? '/'));
  const isKnown =
    folders.length > 0 && folders.every((folder) => /^[0-9a-f]{64}\/diff$/.test(below(folder, directory)));
  if (!isKnown || folders.length !== diffIds.length) return undefined;
  const splits = folders.map((folder, at) => tarSplitOf(folder, driver.Name, diffIds.slice(0, folders.length - at)));
  if (!(await allThere([...folders, ...splits]))) return undefined;
  return {
    directory,
    lower: await Promise.all(folders.map((folder) => shortName(folder, directory))),
    describe: () =>
      Promise.all(splits.map(async (split, at) => ({ name: folders[at] as string, facts: await readTarSplit(split) }))),
  };
}

function below(folder: string, directory: string): string {
  return folder.startsWith(`${directory}/`) ? folder.slice(directory.length + 1) : '';
}

/**
 * What the store keeps of a layer's tar: Podman by the name of the layer's folder, Docker by the diffIDs of the layer and
 * all below it, oldest first. Source: containers/storage, layers.go; OCI image-spec config.md, "Layer ChainID".
 */
function tarSplitOf(folder: string, driver: string, diffIds: readonly string[]): string {
  const layer = dirname(folder);
  const store = dirname(dirname(layer));
  if (driver === 'overlay') return join(store, 'overlay-layers', `${basename(layer)}.tar-split.gz`);
  const chain = diffIds.reduce(
    (below, diffId) => `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
  );
  return join(store, 'image', driver, 'layerdb', 'sha256', chain.replace(/^sha256:/, ''), 'tar-split.json.gz');
}

async function allThere(paths: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(paths.map((path) => access(path)));
    return true;
  } catch {
    return false;
  }
}

/** The store's own short link to a layer: a mount's options have one page, which images of many layers would fill. */
async function shortName(folder: string, directory: string): Promise<string> {
  const link = (await readFile(join(dirname(folder), 'link'), 'latin1').catch(() => '')).trim();
  const path = join('l', basename(link));
  return link !== '' && (await allThere([join(directory, path)])) ? path : below(folder, directory);
}
