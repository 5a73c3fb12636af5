import { readFileSync } from 'node:fs';

const LISTEN_STATE = '0A';

/** TCP ports that something listens on in the network namespace of a process; empty when it is gone. */
export function listeningPorts(pid: number | 'self'): Set<number> {
  const ports = new Set<number>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readLines(`/proc/${pid}/net/${table}`).slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state === LISTEN_STATE && local) ports.add(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
    }
  }
  return ports;
}

/** True when a tracer is attached to a process. */
export function isTraced(pid: number): boolean {
  const line = readLines(`/proc/${pid}/status`).find((candidate) => candidate.startsWith('TracerPid:'));
  return line !== undefined && Number(line.split(':')[1]) !== 0;
}

/**
 * True when a process would do anything at all on a signal. The first process of a container is not ended by one it has
 * no handler for, so waiting for that is waiting in vain. A blocked signal may be read with sigwait(3) or signalfd(2).
 */
export function mindsSignal(pid: number, signal: number): boolean {
  const masks = readLines(`/proc/${pid}/status`).filter((line) => /^Sig(?:Cgt|Blk):/.test(line));
  return masks.some((line) => ((BigInt(`0x${line.slice('SigCgt:'.length).trim()}`) >> BigInt(signal - 1)) & 1n) === 1n);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').trimEnd().split('\n');
  } catch {
    return [];
  }
}
