import { basename } from 'node:path';
import { TraceSlimError } from '../errors.ts';
import type { Image } from '../image/types.ts';
import { writeImage } from '../image/write.ts';
import type { SlimImage } from './build-image.ts';

/** Endings of archives that `.slim` goes before. */
const ARCHIVE_ENDING = /\.(?:tar(?:\.(?:gz|zst|bz2|xz))?|tgz)$/;

/** Where a slim image goes when nobody says: next to the fat one, in the same format. */
export function defaultOutput({ transport, path }: Image['location']): string {
  const stem = path.replace(/\/+$/, '').replace(ARCHIVE_ENDING, '');
  if (transport === 'oci') return `oci:${stem}.slim`;
  return `${transport === 'oci-archive' ? transport : 'docker-archive'}:${stem}.slim.tar`;
}

/** Names for a slim image when nobody says: the fat one's with `.slim` after the repository, else from its file's name. */
export function defaultTags(fat: Pick<Image, 'names' | 'location'>): string[] {
  const names = fat.names.length > 0 ? fat.names : [nameFromPath(fat.location.path)];
  return names.map((name) => {
    const [, repository = name, tag = ':latest'] = /^(.+?)(:[^/:@]+)?(?:@.*)?$/.exec(name) ?? [];
    return `${repository}.slim${tag}`;
  });
}

/** The last part of a path as a repository name may be: lower case letters, digits and single separators. */
function nameFromPath(path: string): string {
  const stem = basename(path.replace(/\/+$/, '')).replace(ARCHIVE_ENDING, '').toLowerCase();
  return stem.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'image';
}

/** Writes the slim image to every destination; gives what was written. Errors: DISK_FULL, PERMISSION_DENIED. */
export async function writeOutputs(
  slim: SlimImage,
  options: {
    fat: Image;
    destinations: readonly string[];
    tags: readonly string[];
    createdSeconds: number;
    signal: AbortSignal;
  },
): Promise<{ destination: string; digest: string }[]> {
  const { fat, destinations, tags, createdSeconds, signal } = options;
  const annotations: Record<string, string> = { 'org.opencontainers.image.base.digest': fat.digest };
  if (fat.names[0]) annotations['org.opencontainers.image.base.name'] = fat.names[0];
  const written: { destination: string; digest: string }[] = [];
  for (const destination of destinations) {
    const image = { config: slim.config, layer: slim.layer, tags, annotations };
    written.push(await writeImage(image, destination, { signal, createdSeconds }));
  }
  if (written.length === 0) throw new TraceSlimError('USAGE_INVALID', 'no output was named');
  return written;
}
