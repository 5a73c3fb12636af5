import { TraceSlimError } from '../../errors.ts';
import type { EngineSettings } from '../../settings.ts';
import type { Engine } from '../types.ts';

export interface DaemonOptions {
  /** Folder of this host for the engine's files. */
  readonly stateDirectory: string;
  /** Names of images; `auto` prefers a daemon that has them. */
  readonly wanted: readonly string[];
  readonly signal: AbortSignal;
}

/** Connects to a Docker or Podman daemon. Errors: ENGINE_UNAVAILABLE. */
export async function openDaemonEngine(_settings: EngineSettings, _options: DaemonOptions): Promise<Engine> {
  throw new TraceSlimError('ENGINE_UNAVAILABLE', 'no daemon can be reached');
}
