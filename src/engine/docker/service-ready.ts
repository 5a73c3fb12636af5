import { readFile } from 'node:fs/promises';
import type { Container, ContainerInspectInfo } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { lastLines } from '../../probe/last-log.ts';
import { poll } from '../../probe/poll.ts';
import type { ServiceSettings } from '../../settings.ts';
import { OUTPUT_MAX_BYTES, OutputCollector } from '../host/output-collector.ts';
import { listeningPorts } from '../host/process-table.ts';
import { asked } from './api/errors.ts';
import { readInto, runExec } from './exec.ts';

/** Enough for a database that makes its files first. */
const READY_TIMEOUT_MS = 120_000;
/** A health check that hangs is tried again. */
const CHECK_TIMEOUT_MS = 10_000;
/** Images state ports that are never opened: what is not open by then is not waited for. */
const PORTS_MS = 10_000;
/** Ports of a daemon elsewhere cannot be seen: a service that has been running for so long has to do. */
const SETTLED_MS = 2_000;

interface Awaited {
  readonly name: string;
  readonly until: ServiceSettings['until'];
  /** Ports to wait for; absent: those the container states. */
  readonly ports: readonly number[] | undefined;
  readonly signal: AbortSignal;
}

/**
 * Waits until a service can be used: its ports are open, and it is healthy where its image or the file has a health check;
 * or until it has done its work. Gives those of its stated ports that are open. Errors: APPLICATION_DIED, NOT_READY.
 */
export async function untilReady(container: Container, service: Awaited): Promise<readonly number[]> {
  const startedAt = performance.now();
  const found = await poll(
    async () => {
      const doing = `looking at the service ${service.name}`;
      const seen = await asked(container.inspect(), doing, { signal: service.signal });
      return readiness(container, seen, service, performance.now() - startedAt);
    },
    { timeoutMs: READY_TIMEOUT_MS, signal: service.signal },
  );
  if (found?.ok) return found.ports;
  const why = found?.why ?? `is not ready after ${READY_TIMEOUT_MS / 1000} s`;
  throw new TraceSlimError(found?.code ?? 'NOT_READY', `the service ${service.name} ${why}`, {
    hint: 'Mend the service, or leave it out with --dep-exclude-compose-svc.',
    context: { service: service.name, log: await lastLog(container) },
  });
}

type Readiness =
  | { readonly ok: true; readonly ports: readonly number[] }
  | { readonly ok: false; readonly code: 'APPLICATION_DIED' | 'NOT_READY'; readonly why: string };

/** Undefined as long as it may still become ready. */
async function readiness(
  container: Container,
  seen: ContainerInspectInfo,
  service: Awaited,
  runMs: number,
): Promise<Readiness | undefined> {
  const { State, Config, Id } = seen;
  const isOver = State.Status === 'exited' || State.Status === 'dead';
  if (isOver && State.ExitCode === 0) return { ok: true, ports: [] };
  if (isOver) return { ok: false, code: 'APPLICATION_DIED', why: `ended with exit status ${State.ExitCode}` };
  if (service.until === 'completed' || !State.Running) return undefined;
  if (State.Health?.Status === 'unhealthy') return { ok: false, code: 'NOT_READY', why: 'is unhealthy' };
  const isHere = await isOnThisHost(State.Pid, Id);
  const open = isHere ? statedPorts(Config).filter((port) => listeningPorts(State.Pid).has(port)) : [];
  const [kind = 'NONE', ...words] = Config.Healthcheck?.Test ?? [];
  const areOpen = isHere
    ? (service.ports ?? statedPorts(Config)).every((port) => open.includes(port)) || runMs > PORTS_MS
    : runMs > SETTLED_MS;
  const isReady = areOpen && (kind === 'NONE' || (await isHealthy(container, kind, words, service.signal)));
  return isReady ? { ok: true, ports: open } : undefined;
}

/** A daemon asks at long intervals, and Podman only where systemd runs: so it is asked here. */
async function isHealthy(container: Container, kind: string, words: string[], signal: AbortSignal): Promise<boolean> {
  const command = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : words;
  const timeLimit = AbortSignal.any([signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
  try {
    return (await runExec(container, { command }, { signal: timeLimit })).exitStatus === 0;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

function statedPorts({ ExposedPorts }: ContainerInspectInfo['Config']): number[] {
  const names = Object.keys(ExposedPorts ?? {}).filter((name) => !name.endsWith('/udp'));
  return names.map((name) => Number.parseInt(name, 10));
}

/** True when a process that a daemon names by its pid is one of this host: it is in the container's cgroup. */
async function isOnThisHost(pid: number, containerId: string): Promise<boolean> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return groups.includes(containerId);
}

async function lastLog(container: Container): Promise<string> {
  try {
    const logs = (await container.logs({ stdout: true, stderr: true, tail: 20, follow: false })) as unknown as Buffer;
    const output = new OutputCollector(OUTPUT_MAX_BYTES);
    await readInto(output, once(logs));
    return lastLines(output.tail(OUTPUT_MAX_BYTES));
  } catch {
    return '';
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
