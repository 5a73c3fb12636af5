import { TraceSlimError } from '../../../errors.ts';
import { type Candidate, SERVICE_ON_DEMAND } from './candidates.ts';
import type { Daemon } from './daemon.ts';
import { describeDaemon } from './describe.ts';
import { daemonError } from './errors.ts';
import { watchDaemon } from './heartbeat.ts';
import { openTransport, type Transport } from './transport.ts';

/** What came of one candidate: a daemon, or why not. */
export type DaemonTry = { readonly candidate: Candidate } & (
  | { readonly daemon: Daemon; readonly error?: undefined }
  | { readonly daemon?: undefined; readonly error: TraceSlimError }
);

/** A daemon on this host answers in milliseconds; another host is given the time of a slow login. */
const TRY_TIMEOUT_MS = { unix: 5000, remote: 15_000 };

/** Tries to talk to a candidate. The caller closes the daemon. Rejects only when aborted. */
export async function tryDaemon(
  candidate: Candidate,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs?: number },
): Promise<DaemonTry> {
  const { address, problem } = candidate;
  if (problem) return { candidate, error: problem };
  const doing = `connecting to ${address}`;
  let transport: Transport | undefined;
  try {
    transport = await openTransport(candidate, { signal });
    const described = await describeDaemon(transport, doing, {
      signal,
      timeoutMs: timeoutMs ?? (transport.isLocal ? TRY_TIMEOUT_MS.unix : TRY_TIMEOUT_MS.remote),
    });
    return { candidate, daemon: watched(transport, described) };
  } catch (error) {
    await transport?.close();
    signal.throwIfAborted();
    return { candidate, error: explained(error, doing, transport) };
  }
}

/** A daemon that does not answer any more ends everything that waits for it. */
function watched(transport: Transport, described: Pick<Daemon, 'docker' | 'name' | 'info'>): Daemon {
  const { isLocal, address } = transport;
  const watch = watchDaemon(described.docker, address, (reason) => transport.cut(reason));
  const close = async () => {
    watch[Symbol.dispose]();
    await transport.close();
  };
  return { isLocal, address, close, ...described };
}

/** What the program between us and the daemon says is the better reason. */
function explained(error: unknown, doing: string, transport: Transport | undefined): TraceSlimError {
  const complaint = transport?.complaint() ?? '';
  if (complaint === '') return daemonError(error, doing);
  return new TraceSlimError('ENGINE_UNAVAILABLE', `${doing} failed: ${complaint}`, {
    hint: doing.includes(SERVICE_ON_DEMAND)
      ? 'Run `podman info` to see what is wrong.'
      : 'See whether the same address works for the docker client; ssh must get in without asking for a password.',
    cause: error,
  });
}
