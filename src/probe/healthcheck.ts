import type { Container } from '../engine/types.ts';
import type { Healthcheck, RuntimeConfig } from '../image/types.ts';
import { type Program, runTraced, type TraceWrapper } from './exec.ts';
import { poll } from './poll.ts';
import type { ReadyCheck } from './readiness.ts';
import { type ImagePrograms, shellProgram } from './shell.ts';
import type { Outcome, Probe } from './types.ts';

const NS_PER_MS = 1_000_000;
/** Docker's defaults. Source: https://docs.docker.com/reference/dockerfile/#healthcheck */
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;
/** How long an unhealthy application is asked again, whatever its start period. */
const LEAST_PATIENCE_MS = 2_000;
const MOST_PATIENCE_MS = 60_000;

export interface HealthcheckOptions {
  readonly config: RuntimeConfig;
  readonly programs: ImagePrograms;
  readonly trace: TraceWrapper;
}

/**
 * The image's HEALTHCHECK as a probe: ok when it exits 0. It is tried as often as its Retries say and as long as its
 * StartPeriod lasts, without the Interval in between. Undefined when the image has none.
 */
export function healthcheckProbe(options: HealthcheckOptions): Probe | undefined {
  const check = testOf(options);
  if (!check) return undefined;
  return {
    id: 'healthcheck',
    kind: 'healthcheck',
    listeners: [],
    run: async (container, { signal }) => [await runPatiently(check, options, container, signal)],
  };
}

/** The image's HEALTHCHECK as a test of readiness. Undefined when the image has none. */
export function healthcheckReady(options: HealthcheckOptions): ReadyCheck | undefined {
  const check = testOf(options);
  if (!check) return undefined;
  const { timeoutMs, program } = check;
  return { name: "the image's HEALTHCHECK", program, timeoutMs, trace: options.trace };
}

interface HealthTest {
  readonly program: Program;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly patienceMs: number;
}

function testOf({ config, programs }: HealthcheckOptions): HealthTest | undefined {
  const { Healthcheck: check } = config;
  const program = check && programOf(check, config.Shell, programs);
  if (!check || !program) return undefined;
  const startPeriodMs = (check.StartPeriod ?? 0) / NS_PER_MS;
  return {
    program,
    timeoutMs: check.Timeout ? check.Timeout / NS_PER_MS : DEFAULT_TIMEOUT_MS,
    retries: check.Retries || DEFAULT_RETRIES,
    patienceMs: Math.min(Math.max(startPeriodMs, LEAST_PATIENCE_MS), MOST_PATIENCE_MS),
  };
}

function programOf(check: Healthcheck, shell: string[] | undefined, programs: ImagePrograms): Program | undefined {
  const [kind, ...words] = check.Test ?? [];
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return { command: () => words };
  if (kind !== 'CMD-SHELL') return undefined;
  const line = words.join(' ');
  const hasShell = shell?.[0] !== undefined && programs.find(shell[0]) !== undefined;
  return hasShell ? { command: () => [...shell, line] } : shellProgram(line, programs);
}

async function runPatiently(
  test: HealthTest,
  { trace }: HealthcheckOptions,
  container: Container,
  signal: AbortSignal,
): Promise<Outcome> {
  const accepts = (exitStatus: number) => exitStatus === 0;
  const run = { id: 'healthcheck', program: test.program, trace, timeoutMs: test.timeoutMs, signal, accepts };
  const startedAt = performance.now();
  let tries = 0;
  const outcome = await poll(
    async () => {
      tries += 1;
      const last = await runTraced(container, run);
      const isPatient = tries < test.retries || performance.now() - startedAt < test.patienceMs;
      return last.ok || container.result() || !isPatient ? last : undefined;
    },
    { timeoutMs: Number.POSITIVE_INFINITY, signal },
  );
  return outcome as Outcome;
}
