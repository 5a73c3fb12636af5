import { access, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

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
}

/**
 * Finds an image's layers in the daemon's own store, when this host has that store and this process may read it. The
 * names of its folders are random, so a folder of that name is the daemon's. Undefined when they are not to be had.
 */
export async function storedLayers(driver: GraphDriver | undefined): Promise<StoredLayers | undefined> {
  if (process.geteuid?.() !== 0 || !driver || !/^overlay2?$/.test(driver.Name)) return undefined;
  const { UpperDir, LowerDir } = driver.Data ?? {};
  const folders = [...(UpperDir ? [UpperDir] : []), ...(LowerDir ? LowerDir.split(':') : [])];
  const directory = dirname(dirname(folders[0] ?? '/'));
  const isKnown =
    folders.length > 0 && folders.every((folder) => /^[0-9a-f]{64}\/diff$/.test(below(folder, directory)));
  if (!isKnown || !(await allThere(folders))) return undefined;
  return { directory, lower: await Promise.all(folders.map((folder) => shortName(folder, directory))) };
}

function below(folder: string, directory: string): string {
  return folder.startsWith(`${directory}/`) ? folder.slice(directory.length + 1) : '';
}

async function allThere(folders: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(folders.map((folder) => access(folder)));
    return true;
  } catch {
    return false;
  }
}

/** The store's own short link to a layer: a mount's options have one page, which images of many layers would fill. */
async function shortName(folder: string, directory: string): Promise<string> {
  const link = (await readFile(join(dirname(folder), 'link'), 'latin1').catch(() => '')).trim();
  const path = join('l', basename(link));
  const isThere =
    link !== '' &&
    (await access(join(directory, path)).then(
      () => true,
      () => false,
    ));
  return isThere ? path : below(folder, directory);
}
