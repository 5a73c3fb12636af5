import { open } from 'node:fs/promises';
import type { RootFs } from '../../src/rootfs/rootfs.ts';

/** Reads files of this machine; for parsers that are checked against a tool of this machine. */
export const hostFiles: Pick<RootFs, 'read'> = {
  async read(path, offset, length) {
    const handle = await open(path);
    try {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  },
};
