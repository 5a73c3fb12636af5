import type { Readable } from 'node:stream';
import type { Container, ContainerInspectInfo } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { type ImagePath, imagePathFromText } from '../../rootfs/path.ts';
import type { Entry, EntryType } from '../../rootfs/rootfs.ts';
import { directoryBlocks, entryBlocks } from '../../tar/entry-blocks.ts';
import { readRecords, type TarRecord } from '../../tar/records.ts';
import { StreamSource } from '../../tar/source.ts';
import { asked, statusOf } from './api/errors.ts';

/**
 * Paths that look different in a container than in its image, because the daemon mounts something there or makes a file
 * to mount something on. Source: moby, daemon/initlayer/setup_unix.go; podman, libpod/container_internal_linux.go.
 */
const DAEMON_PATHS = [
  '/.dockerenv',
  '/dev',
  '/etc/hostname',
  '/etc/hosts',
  '/etc/mtab',
  '/etc/resolv.conf',
  '/proc',
  '/run/.containerenv',
  '/sys',
];

/** Files that Podman makes, or adds to, when a container is started as a user that an image does not name. */
const ACCOUNT_PATHS = ['/etc/group', '/etc/passwd'];

/** Directories whose time of modification changes when the daemon makes one of these. */
const PARENTS = ['/', '/etc', '/dev', '/run'].map((path) => imagePathFromText(path));

const MAX_FILE_BYTES = 1 << 24;

/** An entry as the image has it. */
interface Replacement {
  readonly blocks: readonly Buffer[];
  /** Padded to whole blocks. */
  readonly body: Buffer;
}

/** What a running container shows in place of the image's own. */
export interface MountPoints {
  /** Absolute paths of the image's volumes, which have a copy of the image's files. */
  readonly volumes: readonly string[];
  /** A listing of the running container as one of the image. */
  corrected(entries: readonly Entry[]): Entry[];
  /** The image's bytes of a file that something is mounted on. */
  contentOf(path: ImagePath): Buffer | undefined;
  /** Tar entries that take the place of those that are read in the container. Filled by `corrected`. */
  readonly records: ReadonlyMap<ImagePath, Replacement>;
}

/**
 * Reads what a container that was created and not started has at those paths: the image's own, or what the daemon made
 * up just now. Times of directories in which it did are lost; they are given the image's: `imageSeconds` since 1970.
 */
export async function findMountPoints(
  container: Container,
  { imageSeconds, engine }: { imageSeconds: number; engine: 'docker' | 'podman' },
): Promise<MountPoints> {
  const inspected = await asked(container.inspect(), 'looking at a container');
  const createdSeconds = Math.floor(Date.parse(inspected.Created) / 1000) - CLOCK_SECONDS;
  const hidden = new Map<ImagePath, Hidden>();
  for (const text of [...DAEMON_PATHS, ...(engine === 'podman' ? ACCOUNT_PATHS : [])]) {
    const path = imagePathFromText(text);
    const found = await firstRecord(container, text);
    hidden.set(path, { found, isMade: found !== undefined && found.record.header.mtimeSeconds >= createdSeconds });
  }
  // Podman shows directories of its own. /dev is new whenever something is mounted below: an image that has it has the others.
  const [devices, ...others] = ['/dev', '/proc', '/sys'].map((path) => imagePathFromText(path)) as [
    ImagePath,
    ...ImagePath[],
  ];
  const isBare = engine === 'docker' && others.every((path) => hidden.get(path)?.isMade);
  for (const path of [devices, ...others]) hidden.set(path, { found: hidden.get(path)?.found, isMade: isBare });
  const records = new Map<ImagePath, Replacement>();
  const volumes = volumesOf(inspected);
  // The root of a volume is a new directory.
  const retimed = new Set([...PARENTS, ...volumes.map((path) => imagePathFromText(path))]);
  return {
    volumes,
    records,
    contentOf: (path) => hidden.get(path)?.found?.content,
    corrected: (entries) => correct(entries, { hidden, records, retimed, mtimeSeconds: imageSeconds }),
  };
}

/** File systems keep times more coarsely than clocks. */
const CLOCK_SECONDS = 2;

interface Hidden {
  readonly found: { readonly record: TarRecord; readonly content: Buffer } | undefined;
  /** The daemon made it. */
  readonly isMade: boolean;
}

function volumesOf({ Mounts }: ContainerInspectInfo): string[] {
  return Mounts.filter(({ Type, Destination }) => Type === 'volume' && !Destination.startsWith('/dev/')).map(
    ({ Destination }) => Destination,
  );
}

function correct(
  entries: readonly Entry[],
  {
    hidden,
    records,
    retimed,
    mtimeSeconds,
  }: {
    hidden: Map<ImagePath, Hidden>;
    records: Map<ImagePath, Replacement>;
    retimed: ReadonlySet<ImagePath>;
    mtimeSeconds: number;
  },
): Entry[] {
  const corrected: Entry[] = [];
  for (const entry of entries) {
    const special = hidden.get(entry.path);
    if (special?.isMade || (special && !special.found)) continue;
    const real = special?.found ? imageEntry(entry, special.found.record) : entry;
    if (special?.found) records.set(entry.path, replacementOf(entry.path, special.found));
    if (retimed.has(entry.path)) {
      const { mode, uid, gid } = real;
      const blocks = [directoryBlocks(entry.path, { mode, uid, gid, mtimeSeconds, pax: new Map() })];
      records.set(entry.path, { blocks, body: Buffer.alloc(0) });
    }
    corrected.push(real);
  }
  return corrected;
}

const TYPES: Readonly<Record<string, EntryType>> = { '0': 'file', '2': 'symlink', '5': 'directory' };

function imageEntry(entry: Entry, { header, linkName, sizeBytes }: TarRecord): Entry {
  const { mode, uid, gid, typeflag } = header;
  const type = TYPES[typeflag] ?? entry.type;
  const size = type === 'directory' ? entry.sizeBytes : type === 'symlink' ? linkName.length : sizeBytes;
  return { ...entry, type, mode, uid, gid, sizeBytes: size, linkTarget: linkName, linkCount: 1 };
}

function replacementOf(path: ImagePath, { record, content }: NonNullable<Hidden['found']>): Replacement {
  const { typeflag, mode, uid, gid, mtimeSeconds } = record.header;
  if (typeflag === '5') {
    const blocks = [directoryBlocks(path, { mode, uid, gid, mtimeSeconds, pax: new Map() })];
    return { blocks, body: Buffer.alloc(0) };
  }
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  content.copy(body);
  return { blocks: entryBlocks(record, path).blocks, body };
}

/** The entry at a path of a container that is not running; undefined when there is none. */
async function firstRecord(container: Container, path: string): Promise<Hidden['found']> {
  let archive: Readable;
  try {
    archive = (await asked(container.getArchive({ path }), `reading ${path}`)) as unknown as Readable;
  } catch (error) {
    if (statusOf((error as Error).cause) === 404) return undefined;
    throw error;
  }
  try {
    for await (const found of readRecords(new StreamSource(archive))) {
      // Docker puts the type into the mode, as no image does.
      const record = { ...found, header: { ...found.header, mode: found.header.mode & 0o7777 } };
      const parts: Buffer[] = [];
      if (record.sizeBytes > MAX_FILE_BYTES) {
        throw new TraceSlimError('IMAGE_INVALID', `${path} of the image has more than ${MAX_FILE_BYTES} bytes`, {
          hint: 'Daemons mount files of their own over it. Use --engine local.',
        });
      }
      for await (const part of found.body()) parts.push(part);
      return { record, content: Buffer.concat(parts).subarray(0, record.sizeBytes) };
    }
    return undefined;
  } finally {
    archive.destroy();
  }
}
