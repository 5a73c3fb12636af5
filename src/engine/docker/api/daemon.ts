import type Docker from 'dockerode';

/** A Docker or Podman daemon that answers. */
export interface Daemon {
  /** Speaks the negotiated API version. */
  readonly docker: Docker;
  readonly name: 'docker' | 'podman';
  /**
   * `unix:///var/run/docker.sock`, `tcp://host:2376`: what another client on this host would use. For a daemon behind ssh,
   * and for a service that was started for this run, a socket that lives as long as this connection.
   */
  readonly address: string;
  /** Reached over a unix socket. Says nothing about paths: the socket may be forwarded, or belong to a virtual machine. */
  readonly isLocal: boolean;
  readonly info: DaemonInfo;
  /** Ends its connections, and the service when it was started for this run. */
  close(): Promise<void>;
}

interface DaemonInfo {
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
