import type { Platform, RuntimeConfig } from './image/types.ts';
import type { ProbeFile } from './probe/file/probe-file.ts';

/** Everything a run can be told, after defaults, as plain data. The command line is one maker of it. */
export interface BuildSettings {
  /**
   * `docker-archive:FILE[:REF]`, `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `rootfs:DIR`, `docker-daemon:NAME`, or a bare
   * path or image name.
   */
  readonly source: string;
  readonly engine: EngineSettings;
  /**
   * Where the slim image goes: `docker-archive:FILE`, `oci:DIR`, `oci-archive:FILE`, `docker-daemon:` (the engine's
   * store). Empty: where the input came from, a file next to it or the store.
   */
  readonly outputs: readonly string[];
  /** Names of the slim image in its archive or store. Empty: the fat image's name with `.slim` appended. */
  readonly tags: readonly string[];
  /** `single`: one layer of everything kept. `preserve`: one filtered layer for each of the fat image's. */
  readonly layers: 'single' | 'preserve';
  /** Changes to the slim image's configuration. */
  readonly edits: ConfigEdits;
  /** Overrides for running (and, for `rootfs:`, describing) the image. Never written into the slim image's config. */
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly keep: KeepSettings;
  readonly verify: boolean;
  /** Accept a trace that may have lost events. */
  readonly allowIncomplete: boolean;
  /** How often a slim image may be rebuilt with what was missing. */
  readonly maxRounds: number;
  readonly checks: CheckSettings;
  readonly reportPath?: string;
  /** What a daemon has to make before there is an image to run. */
  readonly preparation?: Preparation;
}

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

/** What a slim image must be like besides answering as the fat one does. */
export interface CheckSettings {
  /** Error lines that only the slim image's application logs are a difference. */
  readonly failOnLogErrors: boolean;
  /** What the result may cost; one that costs more is not written. */
  readonly budgets: readonly Budget[];
  /** An earlier report, or an include list, that new paths are counted against. */
  readonly baselinePath?: string;
  /** Write also what was not accepted, under names that say so. */
  readonly keepFailed: boolean;
}

/** Answers alone count. */
export const PLAIN_CHECKS: CheckSettings = { failOnLogErrors: false, budgets: [], keepFailed: false };

/** A condition that must not hold. */
export interface Budget {
  /** As given: `size>50MB`. */
  readonly text: string;
  /** `size`: bytes of the files; `reduction`: how many times smaller; `misses` of all rounds; `new-paths` against a baseline. */
  readonly measure: 'size' | 'reduction' | 'misses' | 'new-paths';
  readonly operator: '>' | '>=' | '<' | '<=';
  readonly limit: number;
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

/** What is changed in the slim image's configuration, in Docker's words. Later steps win: overrides, removals, additions. */
export interface ConfigEdits {
  /** Keys of `RunSettings.config` (and `Env`, `Labels`, `Volumes`) that are written into the slim image. */
  readonly overrides: readonly (keyof RuntimeConfig)[];
  readonly set: Pick<RuntimeConfig, 'Entrypoint' | 'Cmd' | 'WorkingDir' | 'User' | 'StopSignal'>;
  readonly addEnv: readonly string[];
  readonly addLabels: Readonly<Record<string, string>>;
  readonly addPorts: readonly string[];
  readonly addVolumes: readonly string[];
  readonly removeEnv: readonly string[];
  readonly removeLabels: readonly string[];
  readonly removePorts: readonly string[];
  readonly removeVolumes: readonly string[];
}

/** The slim image's configuration is the fat one's. */
export const NO_EDITS: ConfigEdits = {
  overrides: [],
  set: {},
  addEnv: [],
  addLabels: {},
  addPorts: [],
  addVolumes: [],
  removeEnv: [],
  removeLabels: [],
  removePorts: [],
  removeVolumes: [],
};

/** What `trace` is told: run, probe, write what was seen to a JSON Lines file. */
export interface TraceSettings {
  readonly source: string;
  readonly engine: EngineSettings;
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly allowIncomplete: boolean;
  /** Where the trace goes. */
  readonly outputPath: string;
}

/** What `verify` is told: the same probes on two images. */
export interface VerifySettings {
  readonly fat: string;
  readonly slim: string;
  readonly engine: EngineSettings;
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly allowIncomplete: boolean;
  readonly checks: CheckSettings;
  readonly reportPath?: string;
}

/** What `clean` is told. */
export interface CleanSettings {
  /** Whose daemon is cleaned too; `auto`: every one that is found, `local`: none. */
  readonly engine: EngineSettings;
  /** Unpacked layers and other caches as well. */
  readonly cache: boolean;
}

/** What `init` is told. */
export type StarterSettings = Pick<TraceSettings, 'source' | 'engine' | 'run' | 'probes'>;

/** What `paths` is told. Each input is a trace file, or an image that is traced first. */
export interface PathsSettings {
  readonly inputs: readonly string[];
  readonly engine: EngineSettings;
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly allowIncomplete: boolean;
}

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

/** When the container has been watched long enough. Several conditions: all must hold. */
export type ContinueAfter = readonly (
  | 'probe'
  | 'exec'
  | 'signal'
  | 'enter'
  | 'exit'
  | { readonly timeoutMs: number }
)[];

export interface ProbeSettings {
  /** `--exec`, in the order given: shell command lines. */
  readonly exec: readonly string[];
  /** `--probe`, and what options make in that form. Their main sets run with the rest; each scenario is a run of its own. */
  readonly files?: readonly ProbeFile[];
  /** `--exec-file`: scripts to be streamed into a shell. */
  readonly execFiles: readonly ScriptFile[];
  readonly http: HttpProbeSettings;
  /** Run the image's HEALTHCHECK as a probe. */
  readonly healthcheck: boolean;
  readonly continueAfter: ContinueAfter;
  /** Failing probes are the expected outcome: fat and slim must then fail alike. */
  readonly allowFailing: boolean;
  /** How many more times the original image is run under the tracer; absent: not at all. */
  readonly repeat?: number;
  readonly ready: ReadySettings;
}

export interface ScriptFile {
  readonly path: string;
  readonly content: Buffer;
}

interface ReadySettings {
  readonly timeoutMs: number;
  /** From then on until the first probe. Absent: none. */
  readonly waitMs?: number;
  /** Shell command that exits 0 once the application is ready. */
  readonly command?: string;
  /** Wait until the HEALTHCHECK passes. */
  readonly healthcheck: boolean;
  /** TCP ports to wait for besides those of the probes. */
  readonly ports: readonly number[];
}

export interface HttpProbeSettings {
  /** `auto`: GET / on each exposed port unless commands are given or there are exec probes only wanted. */
  readonly enabled: boolean;
  readonly commands: readonly HttpCommand[];
  /** Follow links from every HTML answer. */
  readonly crawl: boolean;
  readonly crawlMaxDepth: number;
  readonly crawlMaxPages: number;
  readonly crawlMaxTimeMs: number;
  /** Ports to probe instead of all exposed ones. */
  readonly ports: readonly number[];
  readonly timeoutMs: number;
}

/** One HTTP request, as in SlimToolkit's probe command file. */
export interface HttpCommand {
  readonly method: string;
  readonly resource: string;
  /** Absent: every probed port. */
  readonly port?: number;
  /** Absent: detected once per port. */
  readonly protocol?: 'http' | 'https';
  /** `Name: value`. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
  readonly username?: string;
  readonly password?: string;
  readonly crawl: boolean;
}

/** What the user wants kept, dropped or changed besides what was seen. */
export interface KeepSettings {
  /** Each with the option it came from, for `explain`. Globs (picomatch) and plain paths; directories are taken whole. */
  readonly includes: readonly IncludeItem[];
  /** Globs of paths to leave out even when they were seen. */
  readonly excludes: readonly string[];
  /** Rules that keep nothing until a replay has missed something. */
  readonly disabledRules?: readonly string[];
  /** Owners and modes that paths of the slim image get; absent: everything as in the image. */
  readonly permissions?: readonly PathPermissions[];
}

export interface IncludeItem {
  readonly option: string;
  /**
   * `path`: file, directory (whole) or glob. `entry`: a path without what is below it. `binary`: with the libraries it
   * needs. `executable`: by name, on PATH. `binaries-in`: every program and library below a directory. `node-package`: by
   * name, wherever it is installed. `node-app`: a directory of every application of a framework, `next/build`. `set`: the
   * name of one of ours. `layers`: what the newest layers brought, by their number or since an instruction. `shell` and
   * `workdir`: value unused.
   */
  readonly kind:
    | 'path'
    | 'entry'
    | 'binary'
    | 'executable'
    | 'shell'
    | 'binaries-in'
    | 'workdir'
    | 'node-package'
    | 'node-app'
    | 'set'
    | 'layers';
  /** As typed (UTF-8 text). */
  readonly value: string;
}

/** What is changed of a path (or of what a glob matches) in the slim image; what is absent stays. */
export interface PathPermissions {
  readonly option: string;
  /** As typed (UTF-8 text). */
  readonly path: string;
  /** 0 to 0o7777. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}
