import { readFile } from 'node:fs/promises';
import type { Container, ContainerInspectInfo } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { lastLines } from '../../probe/last-log.ts';
import { poll } from '../../probe/poll.ts';
import type { ServiceSettings } from '../../settings.ts';
import { listeningPorts } from '../local/process-table.ts';
import { OUTPUT_MAX_BYTES, OutputCollector } from '../output-collector.ts';
import { asked } from './api/errors.ts';
import { readInto } from './exec.ts';

/** Enough for a database that makes its files first. */
const READY_TIMEOUT_MS = 180_000;
/** Images state ports that are never opened: what is not open by then is not waited for. */
const PORTS_MS = 10_000;
/** Ports of a daemon elsewhere cannot be seen: a service that has been running for so long has to do. */
const SETTLED_MS = 2_000;

interface Awaited {
  readonly name: string;
  readonly until: ServiceSettings['until'];
  /** Ports to wait for; absent: those the container states. */
  readonly ports: ReadonlySet<number> | undefined;
  readonly signal: AbortSignal;
}

/**
 * Waits until a service can be used: it is healthy where its image or its service has a health check, else its ports are
 * open; or it has done its work. Gives the ports that are open. Errors: APPLICATION_DIED, NOT_READY.
 */
export async function untilReady(container: Container, service: Awaited): Promise<ReadonlySet<number>> {
  const startedAt = performance.now();
  const found = await poll(
    async () => {
      const doing = `looking at the service ${service.name}`;
      const seen = await asked(container.inspect(), doing, { signal: service.signal });
      return readiness(seen, service, performance.now() - startedAt);
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
  | { readonly ok: true; readonly ports: ReadonlySet<number> }
  | { readonly ok: false; readonly code: 'APPLICATION_DIED' | 'NOT_READY'; readonly why: string };

/** Undefined as long as it may still become ready. */
async function readiness(seen: ContainerInspectInfo, service: Awaited, runMs: number): Promise<Readiness | undefined> {
  const { State, Config, Id } = seen;
  const isOver = State.Status === 'exited' || State.Status === 'dead';
  if (isOver && State.ExitCode === 0) return { ok: true, ports: new Set() };
  if (isOver) return { ok: false, code: 'APPLICATION_DIED', why: `ended with exit status ${State.ExitCode}` };
  if (service.until === 'completed' || !State.Running) return undefined;
  const isHere = await isOnThisHost(State.Pid, Id);
  const open = isHere ? listeningPorts(State.Pid) : new Set<number>();
  const health = State.Health?.Status ?? 'none';
  if (health === 'unhealthy') return { ok: false, code: 'NOT_READY', why: 'is unhealthy' };
  if (health === 'starting') return undefined;
  if (health === 'healthy') return { ok: true, ports: open };
  const isReady = isHere
    ? arePortsOpen(open, service.ports ?? portsOf(Config)) || runMs > PORTS_MS
    : runMs > SETTLED_MS;
  return isReady ? { ok: true, ports: open } : undefined;
}

function arePortsOpen(open: ReadonlySet<number>, wanted: ReadonlySet<number>): boolean {
  return [...wanted].every((port) => open.has(port));
}

function portsOf({ ExposedPorts }: ContainerInspectInfo['Config']): ReadonlySet<number> {
  const names = Object.keys(ExposedPorts ?? {}).filter((name) => !name.endsWith('/udp'));
  return new Set(names.map((name) => Number.parseInt(name, 10)));
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
