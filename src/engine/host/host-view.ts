import { stat } from 'node:fs/promises';
import type { ContainerView } from '../container-view.ts';
import { ContainerSockets } from './container-sockets.ts';
import { isTraced, listeningPorts, mindsSignal, unixSockets } from './process-table.ts';
import { Tunnel } from './tunnel.ts';

/** True when a process that a daemon names by its pid is one of this host: its logs are the folder it was given. */
export async function isOnThisHost(pid: number, containerLogs: string, hostLogs: string): Promise<boolean> {
  const [inside, outside] = await Promise.all([
    stat(`/proc/${pid}/root${containerLogs}`).catch(() => undefined),
    stat(hostLogs).catch(() => undefined),
  ]);
  return inside !== undefined && inside.ino === outside?.ino && inside.dev === outside.dev;
}

export interface HostViewOptions {
  /** Sockets that lead into the container are made in it. */
  readonly directory: string;
  /** The container is in this host's network. */
  readonly isHostNetwork?: boolean;
}

/** Looks at a container through its first process in /proc, and enters its network. */
export function hostView(pid: number, { directory, isHostNetwork = false }: HostViewOptions): ContainerView {
  const sockets = new ContainerSockets(`/proc/${pid}/root`);
  const neighbour = isHostNetwork ? 'self' : pid;
  let tunnel: Promise<Tunnel> | undefined;
  return {
    async isListening(listener) {
      if (typeof listener === 'number') return listeningPorts(neighbour).has(listener);
      return sockets.has(listener) && unixSockets(neighbour).mayListen(listener);
    },
    async endpoint(listener) {
      if (typeof listener === 'string') return { socketPath: sockets.pathOf(listener) };
      if (isHostNetwork) return { host: 'localhost', port: listener };
      tunnel ??= Tunnel.start(pid, directory);
      return { socketPath: await (await tunnel).socketFor(listener) };
    },
    isTraced: async () => isTraced(pid),
    mindsSignal: async (signal) => mindsSignal(pid, signal),
    close() {
      sockets.close();
      void tunnel?.then((started) => started.stop()).catch(() => {});
    },
  };
}
