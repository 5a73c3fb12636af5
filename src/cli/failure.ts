import { CommanderError } from 'commander';
import { type ErrorCode, EXIT, errnoOf, TraceSlimError } from '../errors.ts';
import { ProbesFailed } from '../probe/probes-failed.ts';
import { failureLines } from '../report/failure-lines.ts';
import { painter, printable } from '../report/format.ts';
import type { FailureReport, ProbeReport } from '../report/report.ts';
import { Interruption } from './interruption.ts';
import type { Session } from './session.ts';

/** Failures of the host that no stage has given a name. */
const CODE_BY_ERRNO: Readonly<Record<string, { code: ErrorCode; hint: string }>> = {
  ENOSPC: { code: 'DISK_FULL', hint: 'free disk space, e.g. with `trace-slim clean --cache`, or set TRACE_SLIM_HOME' },
  EDQUOT: { code: 'DISK_FULL', hint: 'free disk space, e.g. with `trace-slim clean --cache`, or set TRACE_SLIM_HOME' },
  EACCES: { code: 'PERMISSION_DENIED', hint: 'run as root; `trace-slim doctor` says what is needed' },
  EPERM: { code: 'PERMISSION_DENIED', hint: 'run as root; `trace-slim doctor` says what is needed' },
  EROFS: { code: 'PERMISSION_DENIED', hint: 'set TRACE_SLIM_HOME to a folder that can be written to' },
};

/** How a failure ends the program. */
export interface Failure {
  readonly exitStatus: number;
  /** For `--json` and CI; null when all is said. */
  readonly document: FailureReport | null;
  /** Lines for stderr, without a last line end; empty when all is said. */
  text(options: { verbose: boolean; color: boolean }): string;
}

/** What had been done when it failed. */
type DoneSoFar = Pick<FailureReport, 'source' | 'probes'>;

const NOTHING_DONE: DoneSoFar = { source: null, probes: [] };

/** What to tell about anything that was thrown. What nobody expected is a bug of this program and says so. */
export function describeFailure(
  failure: unknown,
  { version, signal }: Pick<Session, 'version' | 'signal'>,
  { source, probes } = NOTHING_DONE,
): Failure {
  const thrown = firstOf(failure);
  // Without a command the help has been printed, and is all there is to say.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') {
    return { exitStatus: EXIT.usage, document: null, text: () => '' };
  }
  const interruption = signal.reason instanceof Interruption ? signal.reason : undefined;
  const told = asExpected(thrown) ?? interruption ?? thrown;
  const error = errorOf(told);
  const exitStatus = interruption?.exitStatus ?? (told instanceof TraceSlimError ? told.exitStatus : EXIT.internal);
  const failed = thrown instanceof ProbesFailed ? thrown.outcomes : [];
  return {
    exitStatus,
    document: {
      schemaVersion: 1,
      tool: { name: 'trace-slim', version },
      status: 'error',
      exitStatus,
      error,
      source,
      probes: withFailed(probes, failed),
      failedProbes: failed.map(({ probe }) => probe),
    },
    text: (options) => (told instanceof Interruption ? '' : textOf(error, told, options)),
  };
}

/** What went wrong first, when cleaning up went wrong too. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'suppressed' in thrown ? firstOf(thrown.suppressed) : thrown;
}

function asExpected(thrown: unknown): TraceSlimError | undefined {
  if (thrown instanceof TraceSlimError) return thrown;
  if (thrown instanceof CommanderError) {
    const [message = '', suggestion] = thrown.message.replace(/^error: /, '').split('\n');
    const hint = suggestion ? suggestion.replace(/^\((.*)\)$/, '$1') : 'see `trace-slim help`';
    return new TraceSlimError('USAGE_INVALID', message, { hint });
  }
  const known = CODE_BY_ERRNO[errnoOf(thrown) ?? ''];
  if (!known || !(thrown instanceof Error)) return undefined;
  return new TraceSlimError(known.code, thrown.message, { hint: known.hint, cause: thrown });
}

function errorOf(thrown: unknown): FailureReport['error'] {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof Interruption) return { code: 'INTERRUPTED', message, hint: null, context: {} };
  if (thrown instanceof TraceSlimError) {
    const { code, hint, context } = thrown;
    return { code, message, hint: hint ?? null, context };
  }
  const hint = 'this is a bug of trace-slim; run again with -v and report what is printed';
  return { code: 'INTERNAL', message, hint, context: {} };
}

/** A probe may have failed only in the run that nobody was told about. */
function withFailed(rows: readonly ProbeReport[], failed: ProbesFailed['outcomes']): readonly ProbeReport[] {
  const ofProbe = new Map(rows.map((row) => [row.probe, row]));
  for (const fat of failed) {
    ofProbe.set(fat.probe, {
      slim: null,
      equal: null,
      differences: [],
      ...ofProbe.get(fat.probe),
      probe: fat.probe,
      fat,
    });
  }
  return [...ofProbe.values()];
}

function textOf(
  error: FailureReport['error'],
  thrown: unknown,
  { verbose, color }: { verbose: boolean; color: boolean },
): string {
  const paint = painter(color);
  const lines = failureLines(error).map((line) =>
    printable(line).replace(/^(error|hint):/, (word) => paint(word === 'hint:' ? 'cyan' : 'red', word)),
  );
  return verbose ? [...lines, ...details(thrown, error.context)].join('\n') : lines.join('\n');
}

/** Facts of what was expected, the stack of what was not. */
function details(thrown: unknown, context: TraceSlimError['context']): string[] {
  if (!(thrown instanceof TraceSlimError)) return thrown instanceof Error && thrown.stack ? [thrown.stack] : [];
  const facts = Object.entries(context).filter(([name]) => name !== 'log');
  return facts.map(([name, value]) => `  ${name}: ${factText(value)}`);
}

function factText(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
