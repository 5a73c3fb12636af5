import type { RuntimeConfig } from '../image/types.ts';

export interface RunSettings {
  /** Takes the place of keys of the image's own configuration for the run; exposed ports are added to the image's. */
  readonly config: Pick<RuntimeConfig, 'Entrypoint' | 'Cmd' | 'User' | 'WorkingDir' | 'ExposedPorts' | 'Healthcheck'>;
  /** Extra `NAME=value`. */
  readonly env: readonly string[];
  readonly container: ContainerSettings;
  /** Whether the tracer starts the application or is attached to it. Absent: `auto`, what keeps its privileges. */
  readonly tracer?: 'auto' | 'wrap' | 'attach';
  /** How long the application may take to end after its stop signal. Absent: what the image says, else ten seconds. */
  readonly stopTimeoutMs?: number;
}

/** How the container around the application is made. Nothing of it gets into the slim image. */
export interface ContainerSettings {
  /** `none`: loopback only; `host`; for a daemon also `bridge` or the name of a network. Absent: the engine's default. */
  readonly network?: string;
  /** Further names in that network; daemons only. */
  readonly aliases?: readonly string[];
  readonly hostname?: string;
  /** `name:address`, for /etc/hosts. */
  readonly hosts: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  /** `container[:alias]`; daemons only. */
  readonly links: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Capability names, with or without `CAP_`. */
  readonly capAdd: readonly string[];
  readonly mounts: readonly MountSettings[];
  /** `[address:]hostPort:containerPort[/protocol]`; daemons only. */
  readonly publish: readonly string[];
  readonly shmSizeBytes?: number;
  readonly sysctls: Readonly<Record<string, string>>;
  /** OCI runtime by name. */
  readonly runtime?: string;
  /** A terminal as standard input and output. */
  readonly tty: boolean;
  /** Standard input stays open and empty; else it is at its end. */
  readonly stdin: boolean;
}

/** A container with nothing asked for. */
export const PLAIN_CONTAINER: ContainerSettings = {
  hosts: [],
  dns: [],
  dnsSearch: [],
  links: [],
  labels: {},
  capAdd: [],
  mounts: [],
  publish: [],
  sysctls: {},
  tty: false,
  stdin: false,
};

/** `source` of a bind mount is an absolute path of the engine's host; that of a volume its name, empty for a new one. */
export type MountSettings =
  | { readonly type: 'bind' | 'volume'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes?: number; readonly mode?: number };
