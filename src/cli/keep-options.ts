import { NODE_APP_DIRECTORIES } from '../keep/node-includes.ts';
import type { IncludeItem } from '../settings.ts';
import type { OptionGroup, OptionRow } from './option-rows.ts';

/** An option that names something to keep. */
export interface IncludeOption extends OptionRow {
  readonly item: IncludeItem['kind'];
  /** Of the item, for an option without a value of its own. */
  readonly itemValue?: string;
  /** There is a `--NAME-file` too, which names a file with one value a line. */
  readonly hasFile?: boolean;
}

const PATHS = { kind: 'list', value: 'path', hasFile: true } as const;
const RARE_SET = { kind: 'on', item: 'set', rare: true } as const;

const SETS: readonly (readonly [name: string, text: string])[] = [
  ['zoneinfo', 'keep the time zones'],
  ['ssh-client', 'keep ssh and its configuration, no keys'],
  ['distro-info', 'keep all files that name the distribution'],
  ['cert-all', 'keep all certificates (those that a TLS library reads are kept anyway)'],
  ['cert-bundles-only', 'keep the files that hold many certificates'],
  ['cert-dirs', 'keep the folders of certificates'],
  ['cert-pk-all', 'keep the private keys of certificates'],
  ['cert-pk-dirs', 'keep the folders of private keys'],
];

/** What can be kept by hand, in the order in which the items are noted. */
export const INCLUDE_OPTIONS: readonly IncludeOption[] = [
  { ...PATHS, name: 'include-path', item: 'path', text: 'keep a file, folder or glob; also PATH:MODE#UID#GID' },
  { ...PATHS, name: 'include-bin', item: 'binary', text: 'keep a program and its libraries', rare: true },
  {
    ...PATHS,
    name: 'include-exe',
    item: 'executable',
    value: 'name',
    text: 'keep a program found on PATH',
    rare: true,
  },
  { ...PATHS, name: 'preserve-path', item: 'path', text: 'the same as --include-path', rare: true },
  {
    name: 'include-dir-bins',
    kind: 'list',
    value: 'folder',
    item: 'binaries-in',
    text: 'keep every program and library in it',
    rare: true,
  },
  { name: 'include-shell', kind: 'on', item: 'shell', text: 'keep a shell and basic tools' },
  { name: 'include-workdir', kind: 'on', item: 'workdir', text: "keep the image's WORKDIR", rare: true },
  ...SETS.map(([set, text]) => ({ ...RARE_SET, name: `include-${set}`, itemValue: set, text })),
  {
    name: 'include-node-package',
    kind: 'list',
    value: 'name',
    item: 'node-package',
    text: 'keep a package for Node wherever it is installed',
    rare: true,
  },
  ...NODE_APP_DIRECTORIES.map((directory): IncludeOption => {
    const [framework, name] = directory.split('/');
    const text = `keep the ${name?.replace('-', ' ')} of ${framework} applications`;
    const option = `include-app-${framework}-${name}`;
    return { name: option, kind: 'on', item: 'node-app', itemValue: directory, text, rare: true };
  }),
  {
    name: 'include-last-image-layers',
    kind: 'value',
    value: 'n',
    item: 'layers',
    text: 'keep what the newest layers have brought',
    rare: true,
  },
];

/** What is kept, dropped or changed by hand. */
export const KEEP_OPTIONS: OptionGroup = {
  heading: 'Keep, drop or change by hand:',
  rows: [
    ...INCLUDE_OPTIONS.flatMap((option): OptionRow[] => (option.hasFile ? [option, fileRow(option)] : [option])),
    { name: 'include-app-image-all', kind: 'on', text: "keep the layers of the application's own", rare: true },
    {
      name: 'app-image-start-instruction',
      kind: 'value',
      value: 'instruction',
      text: 'where these begin, as in the Dockerfile: "COPY . /app"',
      rare: true,
    },
    {
      name: 'include-paths-creport-file',
      kind: 'list',
      value: 'file',
      text: "keep the files that SlimToolkit's creport.json names",
      rare: true,
    },
    { name: 'exclude-pattern', kind: 'list', value: 'glob', text: 'drop even what was used' },
    {
      name: 'path-perms',
      kind: 'list',
      value: 'path:mode#uid#gid',
      text: 'give another mode (octal) and owner to a path of the result',
      rare: true,
    },
    { name: 'path-perms-file', kind: 'list', value: 'file', text: 'the same, one a line', rare: true },
  ],
};

function fileRow({ name, rare }: IncludeOption): OptionRow {
  const row = { name: `${name}-file`, kind: 'list', value: 'file', text: 'the same, one a line' } as const;
  return rare ? { ...row, rare } : row;
}

type Value = readonly string[] | string | boolean | undefined;

/** Values of these options as commander hands them over; absent when not given. */
export interface KeepOptions {
  readonly [include: `include${string}`]: Value;
  readonly [preserve: `preserve${string}`]: Value;
  readonly includeAppImageAll?: boolean;
  readonly includePathsCreportFile?: readonly string[];
  readonly appImageStartInstruction?: string;
  readonly excludePattern?: readonly string[];
  readonly pathPerms?: readonly string[];
  readonly pathPermsFile?: readonly string[];
}
