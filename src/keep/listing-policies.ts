import type { ImagePath } from '../rootfs/path.ts';
import type { Entry } from '../rootfs/rootfs.ts';

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
const IMPORT_MAX_BYTES = 4 * 1024 * 1024;
/** A listed directory is kept with all its children up to this size and number. */
const LISTING_MAX_BYTES = 8 * 1024 * 1024;
const LISTING_MAX_ENTRIES = 1024;

/** Programs that import Python modules, and unknown ones: they list directories to know what could be imported, not to use all of it. */
const PYTHON = /^(?:python|pypy|uwsgi|httpd|apache2|$)/;

/**
 * The first policy that fits is taken. An import directory gets no empty sub-directories: each would be importable, as a
 * namespace package, where the import must fail or find the real one.
 */
const LISTING_POLICIES: readonly ListingPolicy[] = [
  // The directory of a script is the first that Python looks for modules in.
  { id: 'python-script', directory: /\/s?bin$/, program: /^(?:python|pypy)/, keep: 'nothing' },
  {
    id: 'python-packages',
    directory: /\/(?:python[23][^/]*|site-packages|dist-packages)(?:\/|$)/,
    program: PYTHON,
    keep: 'files',
  },
  { id: 'python-modules', directory: /^/, program: PYTHON, holds: /\.py$/, keep: 'files' },
  { id: 'listing', directory: /^/, program: /^/, keep: 'children' },
];

/** The ids that reasons name. */
export const LISTING_RULES: readonly string[] = LISTING_POLICIES.map(({ id }) => id);

/** What a directory holds, itself and not below. `sizeBytes` is the data of its files. */
export interface Content {
  readonly entries: readonly Entry[];
  readonly sizeBytes: number;
}

export interface Choice {
  /** Id of the policy, for reasons. */
  readonly policy: string;
  /** Undefined: the directory is too large to be kept. */
  readonly entries: readonly Entry[] | undefined;
  /** False when the entries are a guess at what may be used later, and each may be left out. */
  readonly isWhole: boolean;
}

/** What of a directory is kept when a program has listed it. `program` is the name of the file that was really running. */
export function chooseListed(directory: ImagePath, program: string, content: Content): Choice {
  const policy = LISTING_POLICIES.find((candidate) => fits(candidate, directory, program, content));
  if (!policy) return { policy: '', entries: [], isWhole: true };
  return { policy: policy.id, entries: CHOICES[policy.keep](content), isWhole: policy.keep === 'children' };
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
