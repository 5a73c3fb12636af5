import { stat } from 'node:fs/promises';
import { isTraced, listeningPorts, mindsSignal } from '../host/process-table.ts';
import { Tunnel } from '../host/tunnel.ts';
import type { Endpoint } from '../types.ts';

/** What can be seen of a container from where this program runs, or else is asked for inside of it. */
export interface ContainerView {
  isListening(port: number): Promise<boolean>;
  endpoint(port: number): Promise<Endpoint>;
  isTraced(): Promise<boolean>;
  /** False when the first process would do nothing at all on a signal. */
  mindsSignal(signal: number): Promise<boolean>;
  close(): void;
}

/** True when a process that a daemon names by its pid is one of this host: its logs are the folder it was given. */
export async function isOnThisHost(pid: number, containerLogs: string, hostLogs: string): Promise<boolean> {
  const [inside, outside] = await Promise.all([
    stat(`/proc/${pid}/root${containerLogs}`).catch(() => undefined),
    stat(hostLogs).catch(() => undefined),
  ]);
  return inside !== undefined && inside.ino === outside?.ino && inside.dev === outside.dev;
}

/** Looks at a container's first process through /proc, and enters its network. Sockets are made in `directory`. */
export function hostView(pid: number, directory: string): ContainerView {
  let tunnel: Promise<Tunnel> | undefined;
  return {
    isListening: async (port) => listeningPorts(pid).has(port),
    isTraced: async () => isTraced(pid),
    mindsSignal: async (signal) => mindsSignal(pid, signal),
    async endpoint(port) {
      tunnel ??= Tunnel.start(pid, directory);
      return { socketPath: await (await tunnel).socketFor(port) };
    },
    close() {
      void tunnel?.then((started) => started.stop()).catch(() => {});
    },
  };
}
