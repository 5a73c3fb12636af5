import type { ProbeFile } from '../probe/file/probe-file.ts';

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
  /** What may differ between the images, in the outcome of every probe and of the command; as `Fact.masks`, or a fact's name. */
  readonly masks?: readonly string[];
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
