import type { RuntimeConfig } from '../image/types.ts';

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
