import type { EngineSettings, Preparation } from './settings/engine.ts';
import type { KeepSettings } from './settings/keep.ts';
import type { ProbeSettings } from './settings/probe.ts';
import type { CheckSettings, ConfigEdits } from './settings/result.ts';
import type { RunSettings } from './settings/run.ts';

export type {
  EngineSettings,
  FatBuildSettings,
  Preparation,
  ServiceSettings,
  ServicesSettings,
} from './settings/engine.ts';
export type { IncludeItem, KeepSettings, PathPermissions } from './settings/keep.ts';
export type { ContinueAfter, HttpCommand, HttpProbeSettings, ProbeSettings, ScriptFile } from './settings/probe.ts';
export { type Budget, type CheckSettings, type ConfigEdits, PLAIN_CHECKS } from './settings/result.ts';
export { type ContainerSettings, type MountSettings, PLAIN_CONTAINER, type RunSettings } from './settings/run.ts';

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
