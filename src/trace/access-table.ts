import { type ImagePath, toImagePath } from '../rootfs/path.ts';
import { copyOf, type SeenAccess } from './strace-accesses.ts';
import type { Access } from './trace.ts';

/** More distinct accesses than any real run has; beyond, a trace says that it is incomplete. */
const MAX_ACCESSES = 1_000_000;
const MAX_NAMES = 1000;

/** The accesses of one path. */
interface PathUses {
  readonly asked: ImagePath;
  readonly verbatim: string | undefined;
  readonly accesses: Access[];
}

/** Distinct accesses, with how often each was seen, in the order they were first seen. */
export class AccessTable {
  /** By the path as seen and as normalised. */
  readonly #byPath = new Map<string, PathUses>();
  readonly #accesses: Access[] = [];
  readonly #names = new Map<string, string>();
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
    const uses = this.#byPath.get(seen.asked) ?? this.#addPath(seen.asked);
    const known = uses.accesses.find((access) => isSame(access, seen, phase));
    if (known) known.count++;
    else if (this.#hasRoom()) this.#append(uses, this.#accessFrom(uses, seen, phase));
  }

  /** Counts an access of another trace. */
  add(access: Access): void {
    const path = access.verbatim ?? access.asked;
    const uses = this.#byPath.get(path) ?? this.#addPath(path);
    const known = uses.accesses.find((other) => isSame(other, access, access.phase));
    if (known) known.count += access.count;
    else if (this.#hasRoom()) this.#append(uses, { ...access });
  }

  #hasRoom(): boolean {
    const hasRoom = this.#accesses.length < MAX_ACCESSES;
    if (!hasRoom) this.#dropped++;
    return hasRoom;
  }

  #append(uses: PathUses, access: Access): void {
    uses.accesses.push(access);
    this.#accesses.push(access);
  }

  #addPath(seen: string): PathUses {
    const path = copyOf(seen);
    const asked = toImagePath(path);
    const verbatim = hasParentStep(path) ? path : undefined;
    const uses = this.#byPath.get(verbatim ?? asked) ?? { asked, verbatim, accesses: [] };
    if (this.#byPath.size < MAX_ACCESSES) this.#byPath.set(path, uses).set(verbatim ?? asked, uses);
    return uses;
  }

  #accessFrom(uses: PathUses, seen: SeenAccess, phase: string): Access {
    const { operation, resolved, errno, noFollow, syscall, pid, executable } = seen;
    return {
      operation,
      asked: uses.asked,
      ...(uses.verbatim === undefined ? {} : { verbatim: uses.verbatim }),
      ...(resolved === undefined ? {} : { resolved: this.#copyOf(resolved) }),
      ...(errno === undefined ? {} : { errno: this.#name(errno) }),
      ...(noFollow ? { noFollow } : {}),
      syscall: this.#name(syscall),
      pid,
      ...(executable === undefined ? {} : { executable }),
      phase,
      count: 1,
    };
  }

  /** Most paths that something resolved to are asked for too: one string serves both. */
  #copyOf(path: string): ImagePath {
    const asked = this.#byPath.get(path)?.asked;
    return asked === path ? asked : toImagePath(copyOf(path));
  }

  /** Names of calls and errors are few. */
  #name(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = copyOf(text);
    if (this.#names.size < MAX_NAMES) this.#names.set(name, name);
    return name;
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

/** Whether `..` is one of a path's components. */
function hasParentStep(path: string): boolean {
  return path.includes('/..') && /\/\.\.(?:\/|$)/.test(path);
}
