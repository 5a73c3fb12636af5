import { type ImagePath, joinPath, parentOf } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';

/** Where a framework for Node has its things, relative to the folder that its configuration file is in. */
interface Framework {
  readonly configuration: RegExp;
  readonly directories: Readonly<Record<string, string>>;
}

/** By the words in the names of the options: `--include-app-next-build-dir` is `next` and `build-dir`. */
const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  next: {
    configuration: /\/next\.config\.(?:js|mjs|cjs|ts)$/,
    directories: {
      dir: '.',
      'build-dir': '.next',
      'dist-dir': 'out',
      'static-dir': 'public',
      'nodemodules-dir': 'node_modules',
    },
  },
  nuxt: {
    configuration: /\/nuxt\.config\.(?:js|mjs|cjs|ts)$/,
    directories: {
      dir: '.',
      'build-dir': '.nuxt',
      'dist-dir': 'dist',
      'static-dir': 'static',
      'nodemodules-dir': 'node_modules',
    },
  },
};

/** Names of the directory options, `next/build-dir` and the like. */
export const NODE_APP_DIRECTORIES: readonly string[] = Object.entries(FRAMEWORKS).flatMap(([name, { directories }]) =>
  Object.keys(directories).map((directory) => `${name}/${directory}`),
);

/** A directory of every application of a framework in an image; `name` is one of {@link NODE_APP_DIRECTORIES}. */
export function nodeAppDirectories(rootfs: RootFs, name: string): ImagePath[] {
  const [framework = '', directory = ''] = name.split('/');
  const { configuration, directories } = FRAMEWORKS[framework] as Framework;
  const found: ImagePath[] = [];
  for (const { path } of rootfs.entries()) {
    if (!configuration.test(path) || path.includes('/node_modules/')) continue;
    found.push(joinPath(parentOf(path), directories[directory] ?? '.'));
  }
  return found;
}

/** Wherever a package is installed: `express`, `@scope/name`. */
export function nodePackageDirectories(rootfs: RootFs, name: string): ImagePath[] {
  const found: ImagePath[] = [];
  for (const { path, type } of rootfs.entries()) {
    if (type !== 'file' && path.endsWith(`/node_modules/${name}`)) found.push(path);
  }
  return found;
}
