import { baseName, displayPath, type ImagePath, joinPath } from '../rootfs/path.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import type { KeepSet } from './keep-set.ts';
import { isMountedOver } from './reach.ts';
import type { ImageFacts } from './rule.ts';
import type { Seed } from './seed.ts';
import { interpretersOf } from './shebang.ts';

interface ListingPolicy {
  readonly id: string;
  /** The listed directory. */
  readonly directory: RegExp;
  /** The file that was really running: a script's interpreter, links resolved. An unknown one is the empty string. */
  readonly program: RegExp;
  /** Only for directories that hold a file named like this. */
  readonly holds?: RegExp;
  /** `children`: every child or, when they do not fit, none. `files`: the smallest regular files that fit. */
  readonly keep: 'children' | 'files' | 'nothing';
}

/** The files of one listed package directory are kept up to this size. */
export const IMPORT_MAX_BYTES = 4 * 1024 * 1024;
/** A listed directory is kept with all its children up to this size and number. */
export const LISTING_MAX_BYTES = 8 * 1024 * 1024;
export const LISTING_MAX_ENTRIES = 1024;
const MAX_WARNINGS = 10;

/** Programs that import Python modules: they list directories to know what could be imported, not to use all of it. */
const PYTHON = /^(?:python|pypy|uwsgi|httpd|apache2|$)/;

/**
 * The first policy that fits is taken. An import directory gets no empty sub-directories: each would be importable, as a
 * namespace package, where the import must fail or find the real one.
 */
const LISTING_POLICIES: readonly ListingPolicy[] = [
  // The directory of a script is the first that Python looks for modules in.
  { id: 'python-script', directory: /\/s?bin$/, program: PYTHON, keep: 'nothing' },
  {
    id: 'python-packages',
    directory: /\/(?:python[23][^/]*|site-packages|dist-packages)(?:\/|$)/,
    program: PYTHON,
    keep: 'files',
  },
  { id: 'python-modules', directory: /^/, program: PYTHON, holds: /\.py$/, keep: 'files' },
  { id: 'listing', directory: /^/, program: /^/, keep: 'children' },
];

interface Listed {
  readonly seeds: readonly Seed[];
  /** About directories that were too large, once it is known what of them is kept for other reasons. */
  warnings(keep: KeepSet): string[];
}

/** What is kept because a program has listed the directory it is in. */
export async function listingSeeds(image: ImageFacts, accesses: readonly Access[]): Promise<Listed> {
  const seeds: Seed[] = [];
  const tooLarge = new Map<ImagePath, Content>();
  for (const { directory, program } of await listingsOf(image, accesses)) {
    const content = contentOf(image.rootfs, directory);
    const policy = LISTING_POLICIES.find((candidate) => fits(candidate, directory, program, content));
    if (!policy) continue;
    const chosen = CHOICES[policy.keep](content);
    if (!chosen) tooLarge.set(directory, content);
    const reason = {
      kind: 'rule',
      rule: policy.id,
      because: 'in a directory that was listed',
      from: directory,
    } as const;
    for (const { path } of chosen ?? []) seeds.push({ path, reason });
  }
  return { seeds, warnings: (keep) => warningsAbout(tooLarge, keep) };
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

interface Content {
  readonly entries: readonly Entry[];
  readonly sizeBytes: number;
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

function fits(policy: ListingPolicy, directory: ImagePath, program: string, content: Content): boolean {
  const { holds } = policy;
  return (
    policy.directory.test(directory) &&
    policy.program.test(program) &&
    (holds === undefined || content.entries.some((entry) => holds.test(entry.path)))
  );
}

/** What of a listed directory is kept; undefined when it is too large. */
const CHOICES: Readonly<Record<ListingPolicy['keep'], (content: Content) => readonly Entry[] | undefined>> = {
  children: wholeListing,
  files: smallestFiles,
  nothing: () => [],
};

function smallestFiles({ entries }: Content): Entry[] {
  const files = entries.filter((entry) => entry.type === 'file').sort((a, b) => a.sizeBytes - b.sizeBytes);
  let sizeBytes = 0;
  return files.filter((entry) => {
    sizeBytes += entry.sizeBytes;
    return sizeBytes <= IMPORT_MAX_BYTES;
  });
}

function wholeListing({ entries, sizeBytes }: Content): readonly Entry[] | undefined {
  return entries.length <= LISTING_MAX_ENTRIES && sizeBytes <= LISTING_MAX_BYTES ? entries : undefined;
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
