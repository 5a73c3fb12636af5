import { type ImagePath, toImagePath } from '../rootfs/path.ts';
import { copyOf, type SeenAccess } from './strace-accesses.ts';
import type { Access } from './trace.ts';

/** More distinct accesses than any real run has; beyond, a trace says that it is incomplete. */
const MAX_ACCESSES = 1_000_000;

/** Distinct accesses, with how often each was seen, in the order they were first seen. */
export class AccessTable {
  /** By the path as seen and as normalised: one list may be found under several spellings. */
  readonly #byPath = new Map<string, Access[]>();
  readonly #accesses: Access[] = [];
  #dropped = 0;

  get accesses(): readonly Access[] {
    return this.#accesses;
  }

  /** How many accesses there was no room for. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Counts an access as a tracer showed it. Its strings are copied when it is new. */
  see(seen: SeenAccess, phase: string): void {
    const list = this.#byPath.get(seen.asked) ?? this.#listFor(seen.asked);
    const known = list.find((access) => isSame(access, seen, phase));
    if (known) known.count++;
    else if (this.#hasRoom()) this.#append(list, accessFrom(seen, phase));
  }

  /** Counts an access of another trace. */
  add(access: Access): void {
    const list = this.#byPath.get(access.verbatim ?? access.asked) ?? this.#listFor(access.verbatim ?? access.asked);
    const known = list.find((other) => isSame(other, access, access.phase));
    if (known) known.count += access.count;
    else if (this.#hasRoom()) this.#append(list, { ...access });
  }

  #hasRoom(): boolean {
    const hasRoom = this.#accesses.length < MAX_ACCESSES;
    if (!hasRoom) this.#dropped++;
    return hasRoom;
  }

  #append(list: Access[], access: Access): void {
    list.push(access);
    this.#accesses.push(access);
  }

  #listFor(path: string): Access[] {
    const normalised = verbatimOf(path) === undefined ? toImagePath(path) : path;
    const list = this.#byPath.get(normalised) ?? [];
    if (this.#byPath.size < 2 * MAX_ACCESSES) this.#byPath.set(copyOf(path), list).set(copyOf(normalised), list);
    return list;
  }
}

function isSame(a: Access, b: Distinguished, phase: string): boolean {
  return (
    a.operation === b.operation &&
    a.errno === b.errno &&
    a.phase === phase &&
    a.executable === b.executable &&
    a.resolved === b.resolved &&
    (a.noFollow ?? false) === (b.noFollow ?? false)
  );
}

/** With the path and the phase, what makes two accesses different ones. */
interface Distinguished {
  readonly operation: Access['operation'];
  readonly resolved?: string | undefined;
  readonly errno?: string | undefined;
  readonly noFollow?: boolean;
  readonly executable?: ImagePath | undefined;
}

function accessFrom(seen: SeenAccess, phase: string): Access {
  const asked = toImagePath(copyOf(seen.asked));
  const verbatim = verbatimOf(seen.asked);
  const { resolved, errno, executable } = seen;
  return {
    operation: seen.operation,
    asked,
    ...(verbatim === undefined ? {} : { verbatim: copyOf(verbatim) }),
    ...(resolved === undefined ? {} : { resolved: resolved === asked ? asked : (copyOf(resolved) as ImagePath) }),
    ...(errno === undefined ? {} : { errno: copyOf(errno) }),
    ...(seen.noFollow ? { noFollow: true } : {}),
    syscall: copyOf(seen.syscall),
    pid: seen.pid,
    ...(executable === undefined ? {} : { executable }),
    phase,
    count: 1,
  };
}

/** The path itself when `..` is one of its components. */
function verbatimOf(path: string): string | undefined {
  return path.includes('/..') && /\/\.\.(?:\/|$)/.test(path) ? path : undefined;
}
