import { basename } from 'node:path';
import { TraceSlimError } from '../errors.ts';
import type { Image } from '../image/types.ts';
import { writeImage } from '../image/write.ts';
import type { SlimImage } from './build-image.ts';

/** Where a slim image goes when nobody says: next to the fat one, in the same format. */
export function defaultOutput(source: string): string {
  const found = /^(docker-archive|oci-archive|oci|rootfs):(.+?)(?<!^.)(?:\.tar(?:\.gz|\.zst)?|\.tgz)?\/?$/.exec(source);
  const [, transport = 'docker-archive', path = source] = found ?? [];
  if (transport === 'oci') return `oci:${path}.slim`;
  if (transport === 'rootfs') return `docker-archive:${path}.slim.tar`;
  return `${transport}:${path}.slim.tar`;
}

/** Names for a slim image when nobody says: the fat one's with `.slim` after the repository. */
export function defaultTags(fat: Image): string[] {
  if (fat.names.length === 0)
    return [`${basename(fat.source.replace(/^.*:/, '')).replace(/\..*$/, '') || 'image'}.slim:latest`];
  return fat.names.map((name) => {
    const withoutDigest = name.split('@', 1)[0] ?? name;
    const colon = withoutDigest.indexOf(':', withoutDigest.lastIndexOf('/') + 1);
    const repository = colon < 0 ? withoutDigest : withoutDigest.slice(0, colon);
    return `${repository}.slim${colon < 0 ? ':latest' : withoutDigest.slice(colon)}`;
  });
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
