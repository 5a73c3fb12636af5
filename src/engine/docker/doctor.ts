import type { DaemonCheck } from '../../report/results.ts';
import type { EngineSettings } from '../../settings.ts';
import { listCandidates } from './api/candidates.ts';
import type { ClientEnvironment } from './api/client-files.ts';
import { isAbsent } from './api/errors.ts';
import { type DaemonTry, tryDaemon } from './api/try-daemon.ts';

/** Tries every place where a daemon may be, in the order a run would, and says what is there. */
export async function diagnoseDaemons(
  settings: EngineSettings,
  { signal, user }: { signal: AbortSignal; user?: ClientEnvironment },
): Promise<DaemonCheck[]> {
  const candidates = await listCandidates(settings, user);
  return Promise.all(candidates.map(async (candidate) => describe(await tryDaemon(candidate, { signal }))));
}

async function describe({ candidate, daemon, error }: DaemonTry): Promise<DaemonCheck> {
  const { origin, address } = candidate;
  if (error) {
    const detail = error.message.replace(`connecting to ${address} failed: `, '');
    // What is not installed need not be repaired.
    return { origin, address, ok: false, detail, ...(error.hint && !isAbsent(error) ? { hint: error.hint } : {}) };
  }
  await daemon.close();
  const { apiVersion, architecture, isRootless, os, storageDriver, version } = daemon.info;
  const facts = [`${daemon.name} ${version}`, `API ${apiVersion}`, `${os}/${architecture}`, storageDriver];
  return { origin, address, ok: true, detail: [...facts, ...(isRootless ? ['rootless'] : [])].join(', ') };
}
