import type { RuntimeConfig } from './image/types.ts';

/** Everything a run can be told, after defaults, as plain data. The command line is one maker of it. */
export interface BuildSettings {
  /** `docker-archive:FILE[:REF]`, `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `rootfs:DIR`, or a bare path. */
  readonly source: string;
  /** Where the slim image goes: `docker-archive:FILE`, `oci:DIR`, `oci-archive:FILE`. Empty: next to the input. */
  readonly outputs: readonly string[];
  /** Names of the slim image inside its archive. Empty: the fat image's name with `.slim` appended. */
  readonly tags: readonly string[];
  /** Overrides for running (and, for `rootfs:`, describing) the image. Never written into the slim image's config. */
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly keep: KeepSettings;
  readonly verify: boolean;
  /** Accept a trace that may have lost events. */
  readonly allowIncomplete: boolean;
  /** How often a slim image may be rebuilt with what was missing. */
  readonly maxRounds: number;
  readonly reportPath?: string;
}

/** What `trace` is told: run, probe, write what was seen to a JSON Lines file. */
export interface TraceSettings {
  readonly source: string;
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
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly allowIncomplete: boolean;
  readonly reportPath?: string;
}

/** What `paths` is told. Each input is a trace file, or an image that is traced first. */
export interface PathsSettings {
  readonly inputs: readonly string[];
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
  readonly allowIncomplete: boolean;
}

export interface RunSettings {
  /** Takes the place of keys of the image's own configuration for the run; exposed ports are added to the image's. */
  readonly config: Pick<RuntimeConfig, 'Entrypoint' | 'Cmd' | 'User' | 'WorkingDir' | 'ExposedPorts' | 'Healthcheck'>;
  /** Extra `NAME=value`. */
  readonly env: readonly string[];
  readonly network: 'none' | 'host';
}

/** When the container has been watched long enough. Several conditions: all must hold. */
export type ContinueAfter = readonly ('probe' | 'exec' | 'signal' | 'enter' | { readonly timeoutMs: number })[];

export interface ProbeSettings {
  /** `--exec`, in the order given: shell command lines. */
  readonly exec: readonly string[];
  /** `--exec-file`: scripts to be streamed into a shell. */
  readonly execFiles: readonly ScriptFile[];
  readonly http: HttpProbeSettings;
  /** Run the image's HEALTHCHECK as a probe. */
  readonly healthcheck: boolean;
  readonly continueAfter: ContinueAfter;
  /** Failing probes are the expected outcome: fat and slim must then fail alike. */
  readonly allowFailing: boolean;
  readonly ready: ReadySettings;
}

export interface ScriptFile {
  readonly path: string;
  readonly content: Buffer;
}

interface ReadySettings {
  readonly timeoutMs: number;
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

/** What the user wants kept or dropped besides what was seen. */
export interface KeepSettings {
  /** Each with the option it came from, for `explain`. Globs (picomatch) and plain paths; directories are taken whole. */
  readonly includes: readonly IncludeItem[];
  /** Globs of paths to leave out even when they were seen. */
  readonly excludes: readonly string[];
}

export interface IncludeItem {
  readonly option: string;
  /** `path`: file, directory (whole) or glob. `binary`: with the libraries it needs. `executable`: by name, on PATH. `shell`: value unused. */
  readonly kind: 'path' | 'binary' | 'executable' | 'shell';
  /** As typed (UTF-8 text). */
  readonly value: string;
}
