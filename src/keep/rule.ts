import type { RuntimeConfig } from '../image/types.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import type { LibrarySearch } from './libraries.ts';
import type { Program, Programs } from './programs.ts';

/** What rules may look at: the pristine image and what is known of it. */
export interface ImageFacts {
  readonly rootfs: RootFs;
  readonly config: RuntimeConfig;
  readonly programs: Programs;
  readonly libraries: LibrarySearch;
}

/**
 * Turns one kept path into others that must be kept with it. It may look at nothing but that path and the image, so that
 * the fixed point does not depend on an order.
 */
export interface Rule {
  readonly id: string;
  /** Reads on with the path that the rule was applied to: `shared library of` /usr/sbin/nginx. */
  readonly because: string;
  /** Absolute paths (byte strings), which may lead through links or nowhere. `program` is what the entry is as a program. */
  follow(entry: Entry, program: Program, image: ImageFacts): readonly string[] | Promise<readonly string[]>;
}
