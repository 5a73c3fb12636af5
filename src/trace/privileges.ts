import type { OpenedImage } from '../engine/types.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { interpretersOf } from '../keep/shebang.ts';
import { resolveIdentity } from '../rootfs/identity.ts';
import { displayPath, type ImagePath, toImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import { readRecords } from '../tar/records.ts';
import { StreamSource } from '../tar/source.ts';
import type { UserProgram } from './log-reader.ts';
import type { RunRecord } from './record.ts';

/** A program whose file gives whoever executes it privileges. */
export interface PrivilegedProgram {
  readonly path: ImagePath;
  readonly by: 'setuid' | 'setgid' | 'file capabilities';
}

/**
 * The programs executed in some runs that give a plain user privileges: the image's user, one that a probe names, or one
 * that a process of root has become. What root itself executes gains nothing.
 */
export async function privilegedPrograms(
  image: OpenedImage,
  config: RuntimeConfig,
  { runs, signal }: { runs: readonly RunRecord[]; signal: AbortSignal },
): Promise<PrivilegedProgram[]> {
  const executed = runs.flatMap((run) => run.executedByUsers ?? []);
  const files = await executedFiles(image.rootfs, config, executed);
  const byMode = [...files].flatMap(([file, uids]) => privilegeByMode(file, uids));
  const others = [...files.keys()].filter(({ path }) => !byMode.some((program) => program.path === path));
  return [...byMode, ...(await withCapabilities(image, others, signal))];
}

/**
 * Whether the image has any program that some plain users would gain privileges by, as far as the modes of its files tell.
 * Users that it does not know count as none.
 */
export async function hasPrivilegedFiles({ rootfs }: OpenedImage, users: readonly string[]): Promise<boolean> {
  const found = await Promise.allSettled(users.map((user) => resolveIdentity(rootfs, user)));
  const uids = new Set(found.flatMap((identity) => (identity.status === 'fulfilled' ? identity.value.uid : [])));
  uids.delete(0);
  if (uids.size === 0) return false;
  for (const entry of rootfs.entries()) {
    if (entry.type === 'file' && privilegeByMode(entry, uids).length > 0) return true;
  }
  return false;
}

/** `/usr/bin/ping (file capabilities)` */
export function shownProgram({ path, by }: PrivilegedProgram): string {
  return `${displayPath(path)} (${by})`;
}

/** The files executed, interpreters too, with the users that have done so. */
async function executedFiles(
  rootfs: RootFs,
  config: RuntimeConfig,
  executed: readonly UserProgram[],
): Promise<Map<Entry, Set<number>>> {
  const files = new Map<ImagePath, [Entry, Set<number>]>();
  const add = (path: string, uid: number) => {
    const { entry } = resolvePath(rootfs, path);
    if (entry?.type !== 'file') return undefined;
    const [known, uids] = files.get(entry.path) ?? [entry, new Set<number>()];
    if (uids.has(uid)) return undefined;
    files.set(entry.path, [known, uids.add(uid)]);
    return known;
  };
  for (const { path, uid } of executed) {
    const entry = add(path, uid);
    const [interpreter] = entry ? interpretersOf(await shebangOf(rootfs, entry), { rootfs, config }) : [];
    if (interpreter !== undefined) add(interpreter, uid);
  }
  return new Map(files.values());
}

/** As much as the kernel reads of the line. */
const SHEBANG_BYTES = 256;

async function shebangOf(rootfs: RootFs, { path, sizeBytes }: Entry): Promise<string> {
  const start = (await rootfs.read(path, 0, Math.min(SHEBANG_BYTES, sizeBytes))).toString('latin1');
  return /^#![ \t]*([^\n]*)/.exec(start)?.[1] ?? '';
}

const SETUID = 0o4000;
/** Without the group's right to execute, the bit means something else. */
const SETGID = 0o2010;

function privilegeByMode({ path, mode, uid: owner }: Entry, uids: ReadonlySet<number>): PrivilegedProgram[] {
  if ((mode & SETUID) !== 0 && [...uids].some((uid) => uid !== owner)) return [{ path, by: 'setuid' }];
  if ((mode & SETGID) === SETGID) return [{ path, by: 'setgid' }];
  return [];
}

const CAPABILITY_RECORD = 'SCHILY.xattr.security.capability';

/** A list of files has no extended attributes; a layer has. */
async function withCapabilities(
  image: OpenedImage,
  files: readonly Entry[],
  signal: AbortSignal,
): Promise<PrivilegedProgram[]> {
  if (files.length === 0) return [];
  const paths = files.map(({ path }) => path);
  const found: PrivilegedProgram[] = [];
  for await (const { name, pax } of readRecords(new StreamSource(image.pack(paths, { signal })))) {
    if (pax.has(CAPABILITY_RECORD)) found.push({ path: toImagePath(name), by: 'file capabilities' });
  }
  return found;
}
