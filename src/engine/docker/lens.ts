import { TraceSlimError } from '../../errors.ts';
import type { Pristine, PristineOptions } from './pristine.ts';
import type { DaemonRun } from './run.ts';

export async function lensOf(run: DaemonRun, _options: PristineOptions): Promise<Pristine> {
  throw new TraceSlimError('ENGINE_UNAVAILABLE', `the store of ${run.daemon.address} cannot be read from here`);
}
