import type { ImagePath } from '../rootfs/path.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import { type ElfFile, readElf } from './elf.ts';
import { FileWindow } from './file-window.ts';

/** What the kernel or the loader makes of a file: ELF, a `#!` line (without these two characters), or nothing. */
export interface Program {
  readonly elf?: ElfFile;
  readonly shebang?: string;
}

/** As the kernel's BINPRM_BUF_SIZE: of a longer `#!` line the rest is not read. */
const MAX_SHEBANG_BYTES = 256;
const NOTHING: Program = {};

/** Reads each file's headers at most once. */
export class Programs {
  readonly #rootfs: RootFs;
  readonly #known = new Map<ImagePath, Promise<Program>>();

  constructor(rootfs: RootFs) {
    this.#rootfs = rootfs;
  }

  /** Only files that can be executed or are named like a shared library are read. */
  read(entry: Entry): Promise<Program> {
    if (!mayBeProgram(entry)) return Promise.resolve(NOTHING);
    const known = this.#known.get(entry.path);
    if (known !== undefined) return known;
    const program = readProgram(new FileWindow(this.#rootfs, entry.path));
    this.#known.set(entry.path, program);
    return program;
  }
}

function mayBeProgram(entry: Entry): boolean {
  return entry.type === 'file' && ((entry.mode & 0o111) !== 0 || /\.so(?:\.|$)|\.node$/.test(entry.path));
}

async function readProgram(file: FileWindow): Promise<Program> {
  const head = await file.at(0, MAX_SHEBANG_BYTES);
  if (head.toString('latin1', 0, 2) === '#!') {
    return {
      shebang:
        head
          .toString('latin1', 2)
          .split(/[\n\0]/, 1)[0]
          ?.trim() ?? '',
    };
  }
  const elf = await readElf(file);
  return elf ? { elf } : NOTHING;
}
