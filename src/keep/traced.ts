import { displayPath, type ImagePath, parentOf } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import type { Access, Operation } from '../trace/trace.ts';
import type { Reason } from './keep-set.ts';
import { reached } from './reach.ts';
import type { Seed } from './seed.ts';

/** These act on a link itself, whatever the tracer says. */
const ON_THE_LINK = new Set<Operation>(['readlink', 'remove']);

/**
 * What the traced accesses used of the pristine image: the path as asked, the path the kernel says it led to, and every
 * link crossed. Whatever exists is kept, also when the call failed: the application may have removed it before. Where
 * nothing exists, the directory is kept unless the call failed for that very reason. Independent of the accesses' order.
 */
export function tracedSeeds(rootfs: RootFs, accesses: readonly Access[]): { seeds: Seed[]; warnings: string[] } {
  const seeds: Seed[] = [];
  const disagreements: string[] = [];
  for (const access of inFixedOrder(accesses)) {
    const { paths, disagreement } = pathsOf(rootfs, access);
    if (disagreement) disagreements.push(disagreement);
    const reason = reasonOf(access);
    for (const path of new Set(paths)) seeds.push({ path, reason });
  }
  return { seeds, warnings: disagreementWarnings(disagreements) };
}

function pathsOf(rootfs: RootFs, access: Access): { paths: ImagePath[]; disagreement?: string } {
  const asked = wayOf(rootfs, access);
  const paths = asked.entry || access.errno !== 'ENOENT' ? [...asked.paths] : [];
  const led = access.resolved && resolvePath(rootfs, access.resolved);
  if (!led?.entry) return { paths };
  paths.push(...reached(led));
  if (!asked.entry || asked.entry.path === led.entry.path) return { paths };
  return { paths, disagreement: `${displayPath(access.asked)} led to ${displayPath(led.entry.path)}` };
}

/** What an access leads to, and every path that must exist for that: for what is not there, the directory it would be in. */
export function wayOf(rootfs: RootFs, access: Access): { entry: Entry | undefined; paths: readonly ImagePath[] } {
  const followLast = !access.noFollow && !ON_THE_LINK.has(access.operation);
  const asked = resolvePath(rootfs, access.verbatim ?? access.asked, { followLast });
  const { entry, path } = asked;
  const last = entry ? steppedOutOf(rootfs, access.verbatim) : [nearestExisting(rootfs, path)];
  return { entry, paths: [...reached(asked), ...last] };
}

/** The directories that a `..` is taken from: they must exist, although the path leads past them. */
function steppedOutOf(rootfs: RootFs, verbatim = ''): ImagePath[] {
  const parts = verbatim.split('/');
  return parts.flatMap((part, index) =>
    part === '..' ? reached(resolvePath(rootfs, parts.slice(0, index).join('/'))) : [],
  );
}

function nearestExisting(rootfs: RootFs, path: ImagePath): ImagePath {
  let at = path;
  while (at !== '/' && !rootfs.get(at)) at = parentOf(at);
  return at;
}

function reasonOf({ operation, syscall, asked, executable, pid, phase }: Access): Reason {
  return { kind: 'traced', operation, syscall, asked, pid, phase, ...(executable ? { executable } : {}) };
}

function disagreementWarnings(disagreements: readonly string[]): string[] {
  const [first] = disagreements;
  if (first === undefined) return [];
  const others = disagreements.length > 1 ? ` (and ${disagreements.length - 1} more)` : '';
  return [`Some paths led elsewhere than in the image; both ways are kept: ${first}${others}`];
}

function inFixedOrder(accesses: readonly Access[]): readonly Access[] {
  const keyed = accesses.map((access) => ({ access, key: keyOf(access) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ access }) => access);
}

function keyOf({ asked, operation, phase, executable, syscall, pid, errno, resolved, noFollow, verbatim }: Access) {
  return [
    asked,
    errno ?? '',
    operation,
    phase,
    executable,
    syscall,
    String(pid).padStart(10),
    resolved,
    noFollow,
    verbatim,
  ].join('\0');
}
