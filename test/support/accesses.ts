import { toImagePath } from '../../src/rootfs/path.ts';
import type { Access, Operation } from '../../src/trace/trace.ts';

/** An access of one path: successful, during start, by an unknown program, unless told otherwise. */
export function accessOf(operation: Operation, path: string, over: Partial<Access> = {}): Access {
  return { operation, asked: toImagePath(path), syscall: 'openat', pid: 1, phase: 'start', count: 1, ...over };
}
