import { constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { closeQuietly } from './pipes.ts';

/** open(2): a descriptor that only names a file. Source: <asm-generic/fcntl.h>; Node has no name for it. */
const O_PATH = 0x200000;
const NAME_ONLY = O_PATH | constants.O_NOFOLLOW;

/** As the kernel allows. Source: path_resolution(7) */
const MAX_LINKS = 40;

/**
 * Unix sockets in the file system of a container of this host. Its processes may put a symbolic link anywhere at any time,
 * so a path is walked from one open directory to the next, links are resolved below the container's root, and what is
 * connected to is the very file that was found.
 */
export class ContainerSockets {
  readonly #rootPath: string;
  /** Kept open: a pid in its path may be somebody else's later. */
  #root: number | undefined;
  readonly #open = new Map<string, number>();
  readonly #replaced: number[] = [];

  /** With the path on this host of the container's root, `/proc/<pid>/root`. */
  constructor(rootPath: string) {
    this.#rootPath = rootPath;
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** A path on this host that leads to the socket until {@link close}. When there is none, to nothing. */
  pathOf(path: string): string {
    return `/proc/self/fd/${this.#find(path) ?? 'none'}`;
  }

  close(): void {
    for (const fd of [...this.#open.values(), ...this.#replaced]) closeQuietly(fd);
    if (this.#root !== undefined) closeQuietly(this.#root);
    this.#open.clear();
    this.#replaced.length = 0;
    this.#root = undefined;
  }

  /** The socket's descriptor. A server that starts anew makes a new one. */
  #find(path: string): number | undefined {
    const found = this.#openSocket(path);
    const known = this.#open.get(path);
    if (found === undefined) return undefined;
    if (known !== undefined && isSameFile(known, found)) {
      closeQuietly(found);
      return known;
    }
    if (known !== undefined) this.#replaced.push(known);
    this.#open.set(path, found);
    return found;
  }

  #openSocket(path: string): number | undefined {
    const opened: number[] = [];
    let socket: number | undefined;
    try {
      this.#root ??= openSync(this.#rootPath, O_PATH | constants.O_DIRECTORY);
      socket = walk(this.#root, path, opened);
      return socket;
    } catch {
      // Something on the way is not there, or has become something else meanwhile.
      return undefined;
    } finally {
      for (const fd of opened) if (fd !== socket) closeQuietly(fd);
    }
  }
}

/** Gives the socket at the end of a path, and all it has opened. Throws the errno of a component that cannot be opened. */
function walk(root: number, path: string, opened: number[]): number | undefined {
  const left = namesIn(path);
  const directories = [root];
  for (let links = 0; left.length > 0; ) {
    const name = left.shift() ?? '';
    if (name === '..') {
      if (directories.length > 1) directories.pop();
      continue;
    }
    const at = `/proc/self/fd/${directories.at(-1)}/${name}`;
    const fd = openSync(at, NAME_ONLY);
    opened.push(fd);
    const facts = fstatSync(fd);
    if (facts.isSocket()) return left.length === 0 ? fd : undefined;
    if (!facts.isSymbolicLink()) {
      directories.push(fd);
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    const target = readlinkSync(at);
    if (target.startsWith('/')) directories.splice(1);
    left.unshift(...namesIn(target));
  }
  return undefined;
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function isSameFile(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one), fstatSync(other)];
  return a.ino === b.ino && a.dev === b.dev;
}
