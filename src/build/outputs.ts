import { access, constants } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { ImageStore } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { writeFailed } from '../image/atomic-file.ts';
import type { Image } from '../image/types.ts';
import { parseDestination, writeImage } from '../image/write.ts';
import type { SlimImage } from './build-image.ts';

/** Endings of archives that `.slim` goes before. */
const ARCHIVE_ENDING = /\.(?:tar(?:\.(?:gz|zst|bz2|xz))?|tgz)$/;

/** Where a slim image goes when nobody says: next to the fat one, in the same format; or into the same store. */
export function defaultOutput({ transport, path }: Image['location']): string {
  if (transport === 'docker-daemon') return 'docker-daemon:';
  const stem = path.replace(/\/+$/, '').replace(ARCHIVE_ENDING, '');
  if (transport === 'oci') return `oci:${stem}.slim`;
  return `${transport === 'oci-archive' ? transport : 'docker-archive'}:${stem}.slim.tar`;
}

/** Names for a slim image when nobody says: the fat one's with `.slim` (for `.fat`) after the repository, else from its file's name. */
export function defaultTags(fat: Pick<Image, 'names' | 'location'>): string[] {
  const names = fat.names.length > 0 ? fat.names : [nameFromPath(fat.location.path)];
  return names.map((name) => {
    const [, repository = name, tag = ':latest'] = /^(.+?)(:[^/:@]+)?(?:@.*)?$/.exec(name) ?? [];
    return `${repository.replace(/\.fat$/, '')}.slim${tag}`;
  });
}

/** The last part of a path as a repository name may be: lower case letters, digits and single separators. */
export function nameFromPath(path: string): string {
  const stem = basename(path.replace(/\/+$/, '')).replace(ARCHIVE_ENDING, '').toLowerCase();
  return stem.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'image';
}

/**
 * What is wrong with destinations, before any work is done for them. `engine` is the name of the one that may have no store.
 * Errors: USAGE_INVALID, PERMISSION_DENIED.
 */
export async function checkDestinations(
  destinations: readonly string[],
  engine: string,
  store: ImageStore | undefined,
): Promise<void> {
  for (const destination of destinations) {
    const { transport, path } = parseDestination(destination);
    if (transport !== 'docker-daemon') await checkFolderOf(path);
    else if (!store) throw noStore(destination, engine);
  }
}

async function checkFolderOf(path: string): Promise<void> {
  try {
    // With a dot behind it, only a folder is there.
    await access(`${dirname(resolve(path))}/.`, constants.W_OK);
  } catch (error) {
    throw writeFailed(path, error);
  }
}

function noStore(destination: string, engine: string): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', `${destination} cannot be written to: the ${engine} engine has no store`, {
    hint: 'Use docker-archive:FILE, or --engine docker.',
  });
}

/** What was written, and all names that the image has got by that. */
interface Written {
  readonly outputs: readonly { readonly destination: string; readonly digest: string }[];
  readonly names: readonly string[];
}

/** Nothing. */
export const NOT_WRITTEN: Written = { outputs: [], names: [] };

/**
 * Writes the slim image to every destination. `tags`: its names where a destination has none of its own. Errors: DISK_FULL,
 * PERMISSION_DENIED, ENGINE_FAILED.
 */
export async function writeOutputs(
  slim: SlimImage,
  options: {
    fat: Image;
    destinations: readonly string[];
    tags: readonly string[];
    store: ImageStore | undefined;
    createdSeconds: number;
    signal: AbortSignal;
  },
): Promise<Written> {
  const { fat, destinations, tags, store, createdSeconds, signal } = options;
  const annotations: Record<string, string> = { 'org.opencontainers.image.base.digest': fat.digest };
  if (fat.names[0]) annotations['org.opencontainers.image.base.name'] = fat.names[0];
  const outputs: { destination: string; digest: string }[] = [];
  const allNames = new Set<string>();
  for (const destination of destinations) {
    const { transport, name } = parseDestination(destination);
    const names = name === undefined ? tags : [name];
    for (const each of names) allNames.add(each);
    if (transport === 'docker-daemon' && store) {
      const digest = await store.publish(slim.image, names, { signal });
      outputs.push({ destination: `docker-daemon:${names[0] ?? digest}`, digest });
      continue;
    }
    const image = { config: slim.config, layers: slim.layers, tags: names, annotations };
    outputs.push(await writeImage(image, destination, { signal, createdSeconds }));
  }
  if (outputs.length === 0) throw new TraceSlimError('USAGE_INVALID', 'no output was named');
  return { outputs, names: [...allNames] };
}
