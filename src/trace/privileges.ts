import type { OpenedImage } from '../engine/types.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { interpretersOf } from '../keep/shebang.ts';
import { resolveIdentity } from '../rootfs/identity.ts';
import { displayPath, type ImagePath, toImagePath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import { readRecords } from '../tar/records.ts';
import { StreamSource } from '../tar/source.ts';
import type { Access } from './trace.ts';

/** A program whose file gives whoever executes it privileges. */
export interface PrivilegedProgram {
  readonly path: ImagePath;
  readonly by: 'setuid' | 'setgid' | 'file capabilities';
}

/**
 * The programs among the executed ones that give the image's user privileges it does not have. Those of root are not looked
 * at: root has them all.
 */
export async function privilegedPrograms(
  image: OpenedImage,
  config: RuntimeConfig,
  options: { accesses: readonly Access[]; signal: AbortSignal },
): Promise<PrivilegedProgram[]> {
  const { uid } = await resolveIdentity(image.rootfs, config.User ?? '');
  if (uid === 0) return [];
  const files = await executedFiles(image.rootfs, config, options.accesses);
  const byMode = files.flatMap((file) => privilegeByMode(file, uid));
  const others = files.filter(({ path }) => !byMode.some((program) => program.path === path));
  return [...byMode, ...(await withCapabilities(image, others, options.signal))];
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

async function executedFiles(rootfs: RootFs, config: RuntimeConfig, accesses: readonly Access[]): Promise<Entry[]> {
  const files = new Map<ImagePath, Entry>();
  const add = (path: string) => {
    const { entry } = resolvePath(rootfs, path);
    if (entry?.type !== 'file' || files.has(entry.path)) return undefined;
    files.set(entry.path, entry);
    return entry;
  };
  for (const { operation, errno, verbatim, asked } of accesses) {
    const mayRun = operation === 'execute' && errno !== 'ENOENT';
    const entry = mayRun ? add(verbatim ?? asked) : undefined;
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

function privilegeByMode({ path, mode, uid: owner }: Entry, uid: number): PrivilegedProgram[] {
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
