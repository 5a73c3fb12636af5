/** The process exit statuses of the command line, as documented in README.md. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  fatProbesFail: 3,
  slimDiffers: 4,
  budget: 5,
  engine: 6,
  image: 7,
  traceIncomplete: 8,
  network: 9,
  timeout: 124,
  sigint: 130,
  sigterm: 143,
} as const;

/**
 * Every failure this tool expects, and the exit status it ends with. A code names what failed; the message names the
 * subject, the hint says what to try.
 */
const EXIT_BY_CODE = {
  USAGE_INVALID: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  APPLICATION_DIED: EXIT.fatProbesFail,
  PORT_NEVER_OPENED: EXIT.fatProbesFail,
  NOT_READY: EXIT.fatProbesFail,
  PROBE_FAILED: EXIT.fatProbesFail,
  COMMAND_NOT_FOUND: EXIT.fatProbesFail,
  USER_NOT_FOUND: EXIT.fatProbesFail,
  SLIM_DIFFERS: EXIT.slimDiffers,
  BUDGET_EXCEEDED: EXIT.budget,
  ENGINE_UNAVAILABLE: EXIT.engine,
  ENGINE_FAILED: EXIT.engine,
  PERMISSION_DENIED: EXIT.engine,
  DISK_FULL: EXIT.engine,
  TOOL_MISSING: EXIT.engine,
  PLATFORM_UNSUPPORTED: EXIT.engine,
  IMAGE_NOT_FOUND: EXIT.image,
  IMAGE_INVALID: EXIT.image,
  IMAGE_ACCESS_DENIED: EXIT.image,
  DIGEST_MISMATCH: EXIT.image,
  LAYER_UNSUPPORTED: EXIT.image,
  TRACE_EMPTY: EXIT.traceIncomplete,
  TRACE_INCOMPLETE: EXIT.traceIncomplete,
  NETWORK_FAILED: EXIT.network,
  TIMED_OUT: EXIT.timeout,
} as const;

export type ErrorCode = keyof typeof EXIT_BY_CODE;

export interface ErrorDetails {
  /** What to try next: a command, a flag, a package to install. One sentence. */
  hint?: string;
  /** Machine facts for `--json` and `-v`; never secrets or environment values. */
  context?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The one class of expected failures. Anything else that is thrown is a bug of this program. */
export class TraceSlimError extends Error {
  override readonly name = 'TraceSlimError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.context = details.context ?? {};
  }

  get exitStatus(): number {
    return EXIT_BY_CODE[this.code];
  }
}

/** The errno name of a system error (`ENOENT`, `ENOSPC`, ...), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
