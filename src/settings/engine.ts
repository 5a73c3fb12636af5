import type { Platform } from '../image/types.ts';
import type { RunSettings } from './run.ts';

/** What is made at a daemon first. */
export interface Preparation {
  /** The image is built; `source` has its name. */
  readonly build?: FatBuildSettings;
  /** What every container of the application needs beside it. */
  readonly services?: ServicesSettings;
}

/** An image to be built from a Dockerfile. */
export interface FatBuildSettings {
  /** Folder of this host that the build may read. */
  readonly contextDirectory: string;
  /** File of this host; it need not be in that folder. */
  readonly dockerfile: string;
  readonly name: string;
  /** The image is forgotten after the run, and nothing gets its name. */
  readonly isTemporary: boolean;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `name:address`. */
  readonly hosts: readonly string[];
  readonly cacheFrom: readonly string[];
  /** Stage of the Dockerfile. */
  readonly target?: string;
  readonly network?: string;
}

/** Services in a network of the run. They are made anew, with their volumes, for every container of the application. */
export interface ServicesSettings {
  readonly network: string;
  /** The network is made for the run; else it exists. */
  readonly makesNetwork: boolean;
  /** Names of the volumes that are made for the run. */
  readonly volumes: readonly string[];
  /** In the order they are started in. */
  readonly services: readonly ServiceSettings[];
}

/** A container that runs beside the application. */
export interface ServiceSettings {
  readonly name: string;
  readonly image: string;
  /** The image is built first. */
  readonly build?: FatBuildSettings;
  readonly run: RunSettings;
  /** What is waited for before anything else is started: that it is `ready`, or that it has done its work. */
  readonly until: 'ready' | 'completed';
}

/** Which engine runs the image, and how it gets the image. */
export interface EngineSettings {
  /** `auto`: a daemon that has the image, for archives the built-in engine. */
  readonly engine: 'auto' | 'docker' | 'podman' | 'local';
  /** Address of a daemon: `unix:///path`, `tcp://host:port`, `ssh://user@host`. Absent: it is looked for. */
  readonly host?: string;
  /** Name of a Docker context. */
  readonly context?: string;
  /** `verify` false accepts any certificate of the daemon. `certDirectory` holds ca.pem, cert.pem and key.pem. */
  readonly tls?: { readonly verify: boolean; readonly certDirectory?: string };
  readonly pull: 'missing' | 'always' | 'never';
  /** What the image with the tracing programs is made of; one is used also where this host's programs would do. */
  readonly toolImage?: string;
  /** Absent: the engine's own. */
  readonly platform?: Platform;
}
