import { CommanderError } from 'commander';
import { type ErrorCode, EXIT, errnoOf, TraceSlimError } from '../errors.ts';
import { painter, printable } from '../report/format.ts';

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
  /** For `--json`; null when all is said. */
  readonly document: { readonly error: ErrorDocument } | null;
  /** Lines for stderr, without a last line end. */
  text(options: { verbose: boolean; color: boolean }): string;
}

interface ErrorDocument {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly context: Readonly<Record<string, unknown>>;
}

/** What to tell about anything that was thrown. What nobody expected is a bug of this program and says so. */
export function describeFailure(failure: unknown): Failure {
  const thrown = firstOf(failure);
  // Without a command the help has been printed, and is all there is to say.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') {
    return { exitStatus: EXIT.usage, document: null, text: () => '' };
  }
  const error = asExpected(thrown);
  if (error) return expectedFailure(error);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = 'this is a bug of trace-slim; run again with -v and report what is printed';
  return {
    exitStatus: EXIT.internal,
    document: { error: { code: 'INTERNAL', message, hint, context: {} } },
    text: ({ verbose, color }) => {
      const stack = verbose && thrown instanceof Error && thrown.stack ? `\n${thrown.stack}` : '';
      return formatError(message, hint, color) + stack;
    },
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

function expectedFailure(error: TraceSlimError): Failure {
  const { code, message, hint, context, exitStatus } = error;
  return {
    exitStatus,
    document: { error: { code, message, hint: hint ?? null, context } },
    text: ({ verbose, color }) => {
      const facts = verbose
        ? Object.entries(context).map(([name, value]) => (name === 'log' ? '' : `\n  ${name}: ${factText(value)}`))
        : [];
      return formatError(message, hint, color, logLines(context.log)) + facts.join('');
    },
  };
}

/** What the application printed last: an error about it comes with it as `log`. */
function logLines(log: unknown): string[] {
  if (typeof log !== 'string' || log.trim() === '') return [];
  return ['it printed last:', ...log.split('\n').map((line) => `  ${printable(line)}`)];
}

function factText(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function formatError(message: string, hint: string | undefined, color: boolean, log: readonly string[] = []): string {
  const paint = painter(color);
  const lines = [`${paint('red', 'error:')} ${printable(message)}`, ...log];
  if (hint !== undefined) lines.push(`${paint('cyan', 'hint:')} ${printable(hint)}`);
  return lines.join('\n');
}
