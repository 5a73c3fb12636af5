import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';

/** One read brings the headers of nearly every program. */
const WINDOW_BYTES = 4096;

/** Small pieces of one file, read through a window so that neighbours cost no further read. */
export class FileWindow {
  readonly #rootfs: Pick<RootFs, 'read'>;
  readonly #path: ImagePath;
  #offset = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(rootfs: Pick<RootFs, 'read'>, path: ImagePath) {
    this.#rootfs = rootfs;
    this.#path = path;
  }

  /** `length` bytes from `offset`; fewer only at the end of the file. */
  async at(offset: number, length: number): Promise<Buffer> {
    const start = offset - this.#offset;
    if (start >= 0 && start + length <= this.#bytes.length) return this.#bytes.subarray(start, start + length);
    this.#bytes = await this.#rootfs.read(this.#path, offset, Math.max(length, WINDOW_BYTES));
    this.#offset = offset;
    return this.#bytes.subarray(0, length);
  }
}
