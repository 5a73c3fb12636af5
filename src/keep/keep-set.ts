import type { ImagePath } from '../rootfs/path.ts';
import type { Operation } from '../trace/trace.ts';

/** Why a path is kept. The chain from any kept path ends at a traced access, a user list, or the image's configuration. */
export type Reason =
  | {
      readonly kind: 'traced';
      readonly operation: Operation;
      readonly syscall: string;
      readonly asked: ImagePath;
      readonly executable?: ImagePath;
      readonly pid: number;
      readonly phase: string;
    }
  | { readonly kind: 'rule'; readonly rule: string; readonly because: string; readonly from?: ImagePath }
  | { readonly kind: 'user'; readonly option: string; readonly pattern: string }
  | {
      readonly kind: 'healed';
      readonly round: number;
      readonly syscall: string;
      readonly phase: string;
      readonly executable?: ImagePath;
    };

/** At most this many reasons are stored per path; the first ones are the most direct. */
const MAX_REASONS = 8;

/** Paths to keep, each with at least one reason. Only ever grows. */
export class KeepSet {
  readonly #reasons = new Map<ImagePath, Reason[]>();

  get size(): number {
    return this.#reasons.size;
  }

  has(path: ImagePath): boolean {
    return this.#reasons.has(path);
  }

  /** Adds a path or one more reason for it. True when the path is new. */
  add(path: ImagePath, reason: Reason): boolean {
    const reasons = this.#reasons.get(path);
    if (!reasons) {
      this.#reasons.set(path, [reason]);
      return true;
    }
    if (reasons.length < MAX_REASONS && !reasons.some((known) => isSameReason(known, reason))) reasons.push(reason);
    return false;
  }

  /** Only for `--exclude-pattern`: the user takes a path out again. */
  delete(path: ImagePath): void {
    this.#reasons.delete(path);
  }

  reasonsFor(path: ImagePath): readonly Reason[] {
    return this.#reasons.get(path) ?? [];
  }

  /** All kept paths in byte order, so that parents come before what is in them. */
  paths(): ImagePath[] {
    return [...this.#reasons.keys()].sort();
  }
}

function isSameReason(a: Reason, b: Reason): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
