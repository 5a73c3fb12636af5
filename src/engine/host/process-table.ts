import { readFileSync } from 'node:fs';
import { basename } from 'node:path/posix';

const LISTEN_STATE = '0A';

/** TCP ports that something listens on in the network namespace of a process; empty when it is gone. */
export function listeningPorts(pid: number | 'self'): Set<number> {
  return listeningIn(['tcp', 'tcp6'].flatMap((table) => readLines(`/proc/${pid}/net/${table}`)));
}

/** The same from the lines of /proc/net/tcp and tcp6. Source: proc(5). */
export function listeningIn(lines: readonly string[]): Set<number> {
  const sockets = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , state]) => state === LISTEN_STATE);
  return new Set(sockets.map(([, local = '']) => Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16)));
}

/** `SO_ACCEPTCON` in the flags of /proc/net/unix. Source: the kernel's <linux/net.h> */
const ACCEPTS_CONNECTIONS = 0x10000;

/** The unix sockets that have a name in the network namespace of a process. */
export interface UnixSockets {
  /**
   * False when the socket at this path was made but nobody listens on it yet. One that is not known by its name was
   * renamed, which servers do once they listen.
   */
  mayListen(path: string): boolean;
}

export function unixSockets(pid: number | 'self'): UnixSockets {
  return unixSocketsIn(readLines(`/proc/${pid}/net/unix`));
}

/** The same from the lines of /proc/net/unix, which shows paths as they were given to bind(2). Source: proc(5) */
export function unixSocketsIn(lines: readonly string[]): UnixSockets {
  const named = lines.flatMap((line) => {
    const [, flags = '', path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +\d+ (.+)$/.exec(line) ?? [];
    return path === undefined ? [] : { name: basename(path), flags: Number.parseInt(flags, 16) };
  });
  return {
    mayListen(path) {
      const same = named.filter(({ name }) => name === basename(path));
      return same.length === 0 || same.some(({ flags }) => (flags & ACCEPTS_CONNECTIONS) !== 0);
    },
  };
}

/** True when a tracer is attached to a process. */
export function isTraced(pid: number): boolean {
  return isTracedBy(readLines(`/proc/${pid}/status`));
}

/** The same from the lines of /proc/pid/status. */
export function isTracedBy(lines: readonly string[]): boolean {
  const line = lines.find((candidate) => candidate.startsWith('TracerPid:'));
  return line !== undefined && Number(line.split(':')[1]) !== 0;
}

/** rt_sigtimedwait(2): how sigwait(3) and init programs wait. Source: the kernel's syscall tables. */
const SIGNAL_WAITS: Readonly<Record<string, string>> = { x64: '128', arm64: '137' };

/**
 * True when a process would do anything at all on a signal. The first process of a container is not ended by one it has
 * no handler for, so waiting for that is waiting in vain. A blocked signal may be read with signalfd(2), or with
 * sigwait(3); while it waits in the latter, it does not count as blocked.
 */
export function mindsSignal(pid: number, signal: number): boolean {
  return mindsSignalBy(readLines(`/proc/${pid}/syscall`)[0] ?? '', readLines(`/proc/${pid}/status`), signal);
}

/** The same from the line of /proc/pid/syscall and those of /proc/pid/status. */
export function mindsSignalBy(syscall: string, status: readonly string[], signal: number): boolean {
  const [call = ''] = syscall.split(' ');
  if (call === SIGNAL_WAITS[process.arch]) return true;
  const masks = status.filter((line) => /^Sig(?:Cgt|Blk):/.test(line));
  return masks.some((line) => ((BigInt(`0x${line.slice('SigCgt:'.length).trim()}`) >> BigInt(signal - 1)) & 1n) === 1n);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').trimEnd().split('\n');
  } catch {
    return [];
  }
}
