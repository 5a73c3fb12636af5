import { TraceSlimError } from '../../../errors.ts';
import type { EngineSettings } from '../../../settings.ts';
import { listCandidates } from './candidates.ts';
import type { ClientEnvironment } from './client-files.ts';
import type { Daemon } from './daemon.ts';
import { asked, isAbsent } from './errors.ts';
import { type DaemonTry, tryDaemon } from './try-daemon.ts';

export type { Daemon } from './daemon.ts';

export interface ConnectOptions {
  /** Names of images; a daemon that has them all is preferred. */
  readonly wanted: readonly string[];
  readonly signal: AbortSignal;
  /** How long each try may take. Default: 5 s on this host, 15 s for others. */
  readonly timeoutMs?: number;
  /** Default: this process's. */
  readonly user?: ClientEnvironment;
}

/**
 * Finds a daemon and agrees on an API version with it: the first that has the wanted images, else the first that answers.
 * Errors: ENGINE_UNAVAILABLE with every try in its context; for a daemon that was named, why it cannot be reached.
 */
export async function connectDaemon(settings: EngineSettings, options: ConnectOptions): Promise<Daemon> {
  const { signal, wanted, user } = options;
  const failures: FailedTry[] = [];
  let second: Daemon | undefined;
  try {
    for (const candidate of await listCandidates(settings, user)) {
      const tried = await checkedKind(await tryDaemon(candidate, options), settings);
      if (!tried.daemon) failures.push(tried);
      else if (await hasImages(tried.daemon, wanted, signal)) return tried.daemon;
      else if (second) await tried.daemon.close();
      else second = tried.daemon;
    }
    if (!second) throw noDaemon(failures, settings);
    const found = second;
    second = undefined;
    return found;
  } finally {
    await second?.close();
  }
}

type FailedTry = DaemonTry & { readonly daemon?: undefined };

/** Docker's socket may be Podman's. */
async function checkedKind(tried: DaemonTry, { engine }: EngineSettings): Promise<DaemonTry> {
  const { candidate, daemon } = tried;
  if (!daemon || engine === 'auto' || engine === daemon.name) return tried;
  await daemon.close();
  const error = new TraceSlimError('ENGINE_UNAVAILABLE', `${candidate.address} is ${daemon.name}, not ${engine}`, {
    hint: `Use --engine ${daemon.name}, or name the other daemon with --host.`,
  });
  return { candidate, error };
}

/** A daemon that cannot tell does not have them; what is wrong comes out when they are asked for. */
async function hasImages({ docker }: Daemon, names: readonly string[], signal: AbortSignal): Promise<boolean> {
  const inspections = names.map((name) => asked(docker.getImage(name).inspect(), `looking for ${name}`, { signal }));
  const results = await Promise.allSettled(inspections);
  signal.throwIfAborted();
  return results.every(({ status }) => status === 'fulfilled');
}

function noDaemon(failures: readonly FailedTry[], { engine }: EngineSettings): TraceSlimError {
  const [only] = failures;
  if (only && failures.length === 1) return only.error;
  const tries = failures.map(({ candidate, error }) => `${candidate.origin}: ${error.message}`);
  // One that is there but refuses tells more than those that are not there.
  const refusal = failures.find(({ error }) => !isAbsent(error))?.error;
  const details = { context: { tries }, ...(refusal ? { cause: refusal } : {}) };
  if (refusal?.code === 'PERMISSION_DENIED') {
    return new TraceSlimError(refusal.code, refusal.message, {
      ...details,
      ...(refusal.hint ? { hint: refusal.hint } : {}),
    });
  }
  const subject = { docker: 'Docker', podman: 'Podman' }[engine as string] ?? 'Docker or Podman';
  return new TraceSlimError(
    'ENGINE_UNAVAILABLE',
    `no ${subject} daemon can be reached${refusal ? `: ${refusal.message}` : ''}`,
    {
      hint: 'Start one, or name it with --host; `trace-slim doctor` shows every place that was tried. Archives need none: --engine local.',
      ...details,
    },
  );
}
