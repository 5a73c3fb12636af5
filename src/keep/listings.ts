import { baseName, displayPath, type ImagePath, joinPath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import type { KeepSet } from './keep-set.ts';
import { type Content, chooseListed } from './listing-policies.ts';
import { isMountedOver } from './reach.ts';
import type { ImageFacts } from './rule.ts';
import type { Seed } from './seed.ts';
import { interpretersOf } from './shebang.ts';

const MAX_WARNINGS = 10;

interface Listed {
  readonly seeds: readonly Seed[];
  /** About directories that were too large, once it is known what of them is kept for other reasons. */
  warnings(keep: KeepSet): string[];
}

/** What is kept because a program has listed the directory it is in. `traced` are the paths that were used themselves. */
export async function listingSeeds(
  image: ImageFacts,
  accesses: readonly Access[],
  traced: ReadonlySet<ImagePath>,
): Promise<Listed> {
  const seeds: Seed[] = [];
  const tooLarge = new Map<ImagePath, Content>();
  for (const { directory, program } of await listingsOf(image, accesses)) {
    const content = contentOf(image.rootfs, directory);
    const { policy, entries, isWhole } = chooseListed(directory, program, content);
    if (!entries) tooLarge.set(directory, content);
    const reason = { kind: 'rule', rule: policy, because: 'in the listed directory', from: directory } as const;
    for (const entry of entries ?? []) {
      if (isWhole || (await isUsable(entry, image, traced))) seeds.push({ path: entry.path, reason });
    }
  }
  return { seeds, warnings: (keep) => warningsAbout(tooLarge, keep) };
}

/**
 * False for a library that would bring along others that nothing has used: on suspicion alone, a binding is not worth what
 * it binds to.
 */
export async function isUsable(entry: Entry, image: ImageFacts, traced: ReadonlySet<ImagePath>): Promise<boolean> {
  const { elf } = await image.programs.read(entry);
  if (!elf || elf.interpreter !== undefined) return true;
  for (const name of elf.needed) {
    const found = await image.libraries.find(name, { entry, elf, inherited: [] });
    const entries = found.map((path) => resolvePath(image.rootfs, path).entry?.path);
    if (!entries.some((path) => path !== undefined && traced.has(path))) return false;
  }
  return true;
}

/** Distinct pairs of a listed directory and the program that listed it, in byte order. */
async function listingsOf(image: ImageFacts, accesses: readonly Access[]) {
  const listings = new Map<string, { directory: ImagePath; program: string }>();
  for (const { operation, errno, asked, resolved, executable } of accesses) {
    if (operation !== 'list' || errno !== undefined) continue;
    const { entry } = resolvePath(image.rootfs, resolved ?? asked);
    if (entry?.type !== 'directory' || isMountedOver(entry.path)) continue;
    const program = executable ? await runningProgram(image, executable) : '';
    listings.set(`${entry.path}\0${program}`, { directory: entry.path, program });
  }
  return [...listings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, listing]) => listing);
}

/** The name of the ELF file behind an executed path: a link's target, a script's interpreter. */
async function runningProgram(image: ImageFacts, executable: ImagePath): Promise<string> {
  const { entry } = resolvePath(image.rootfs, executable);
  if (!entry) return baseName(executable);
  const { shebang } = await image.programs.read(entry);
  const interpreter = shebang === undefined ? undefined : interpretersOf(shebang, image).at(-1);
  const real = interpreter === undefined ? entry : resolvePath(image.rootfs, interpreter).entry;
  return baseName(real?.path ?? executable);
}

function warningsAbout(tooLarge: ReadonlyMap<ImagePath, Content>, keep: KeepSet): string[] {
  const warnings: string[] = [];
  for (const [directory, { entries, sizeBytes }] of tooLarge) {
    const kept = entries.filter((entry) => keep.has(entry.path)).length;
    if (kept === entries.length) continue;
    const shown = displayPath(directory);
    warnings.push(
      `${shown} was listed, and is too large to be kept whole: ${kept} of ${entries.length} entries ` +
        `(${(sizeBytes / 1e6).toFixed(1)} MB) are kept; --include-path ${shown} keeps all`,
    );
  }
  const more = warnings.length - MAX_WARNINGS;
  return more > 0 ? [...warnings.slice(0, MAX_WARNINGS), `${more} more large directories were listed`] : warnings;
}

function contentOf(rootfs: RootFs, directory: ImagePath): Content {
  const entries = rootfs
    .childrenOf(directory)
    .map((name) => rootfs.get(joinPath(directory, name)))
    .filter((entry) => entry !== undefined);
  return { entries, sizeBytes: entries.reduce((sum, entry) => sum + dataBytes(entry), 0) };
}

function dataBytes(entry: Entry): number {
  return entry.type === 'file' ? entry.sizeBytes : 0;
}
