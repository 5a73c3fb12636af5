import type { OpenedImage } from '../engine/types.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { interpretersOf } from '../keep/shebang.ts';
import { resolveIdentity } from '../rootfs/identity.ts';
import { displayPath, type ImagePath, toImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import { readRecords } from '../tar/records.ts';
import { StreamSource } from '../tar/source.ts';
import type { RunRecord } from './record.ts';
import type { Access } from './trace.ts';

/** A program whose file gives whoever executes it privileges. */
export interface PrivilegedProgram {
  readonly path: ImagePath;
  readonly by: 'setuid' | 'setgid' | 'file capabilities';
}

/**
 * The programs executed in some runs that give a plain user privileges: the image's user, or one that a process of root has
 * become. What root itself executes gains nothing.
 */
export async function privilegedPrograms(
  image: OpenedImage,
  config: RuntimeConfig,
  { runs, signal }: { runs: readonly RunRecord[]; signal: AbortSignal },
): Promise<PrivilegedProgram[]> {
  const { uid } = await resolveIdentity(image.rootfs, config.User ?? '');
  const executed =
    uid === 0
      ? runs.flatMap((run) => run.executedByUsers ?? [])
      : runs.flatMap((run) => run.trace.accesses).flatMap((access) => executedPath(access) ?? []);
  const files = await executedFiles(image.rootfs, config, executed);
  const byMode = files.flatMap((file) => privilegeByMode(file, uid === 0 ? undefined : uid));
  const others = files.filter(({ path }) => !byMode.some((program) => program.path === path));
  return [...byMode, ...(await withCapabilities(image, others, signal))];
}

/** Whether the image has any program that a plain user gains privileges by, as far as the modes of its files tell. */
export async function hasPrivilegedFiles({ rootfs }: OpenedImage, config: RuntimeConfig): Promise<boolean> {
  const { uid } = await resolveIdentity(rootfs, config.User ?? '');
  if (uid === 0) return false;
  for (const entry of rootfs.entries()) {
    if (entry.type === 'file' && privilegeByMode(entry, uid).length > 0) return true;
  }
  return false;
}

/** `/usr/bin/ping (file capabilities)` */
export function shownProgram({ path, by }: PrivilegedProgram): string {
  return `${displayPath(path)} (${by})`;
}

/** Also of a program that could not be executed: without a privilege it may be refused. */
function executedPath({ operation, errno, verbatim, asked }: Access): string | undefined {
  return operation === 'execute' && errno !== 'ENOENT' ? (verbatim ?? asked) : undefined;
}

async function executedFiles(rootfs: RootFs, config: RuntimeConfig, executed: readonly string[]): Promise<Entry[]> {
  const files = new Map<ImagePath, Entry>();
  const add = (path: string) => {
    const { entry } = resolvePath(rootfs, path);
    if (entry?.type !== 'file' || files.has(entry.path)) return undefined;
    files.set(entry.path, entry);
    return entry;
  };
  for (const path of executed) {
    const entry = add(path);
    const [interpreter] = entry ? interpretersOf(await shebangOf(rootfs, entry), { rootfs, config }) : [];
    if (interpreter !== undefined) add(interpreter);
  }
  return [...files.values()];
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

function privilegeByMode({ path, mode, uid: owner }: Entry, uid: number | undefined): PrivilegedProgram[] {
  if ((mode & SETUID) !== 0 && owner !== uid) return [{ path, by: 'setuid' }];
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
