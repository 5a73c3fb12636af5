import type { RuntimeConfig } from '../image/types.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import { LibrarySearch } from './libraries.ts';
import { Programs } from './programs.ts';
import type { ImageFacts } from './rule.ts';

/** What rules may look at of an image; programs and libraries are read when they are asked for. */
export function factsOf(rootfs: RootFs, config: RuntimeConfig): ImageFacts {
  const programs = new Programs(rootfs);
  return { rootfs, config, programs, libraries: new LibrarySearch(rootfs, programs, config.Env ?? []) };
}
