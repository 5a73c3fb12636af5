import type { Command } from 'commander';
import { TraceSlimError } from '../errors.ts';
import type { RunContext } from '../pipeline.ts';
import { painter, type TextOptions } from '../report/format.ts';
import type { CommonOptions } from './build-options.ts';
import { wantsColor } from './color.ts';
import type { Failure } from './failure.ts';
import type { OptionGroup } from './option-rows.ts';
import { openProgress } from './progress.ts';
import type { OutputStream, Session } from './session.ts';
import type { SlimFlag } from './slim-flag-table.ts';
import { slimFlagsIn } from './slim-flags.ts';
import { tellFailure } from './tell-failure.ts';
import { waitForUser } from './user-signal.ts';

/** A command's way to its user: the result on stdout, everything else on stderr. */
export interface Console<Options> {
  readonly options: Options;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly context: RunContext;
  /** Something worth knowing about the options given; not shown with `--quiet`. */
  notice(text: string): void;
  /** Tells of an end without a result; gives the exit status. */
  fail(failure: Failure): number;
  /** Prints the result: the document with `--json`, else the text without its last line end. */
  result(document: unknown, text: (layout: TextOptions) => string): void;
}

/**
 * Runs a command's body with what its options say about output. Options given before the command's name count as well.
 * What the body gives is the exit status.
 *
 * @throws USAGE_INVALID for options of SlimToolkit that would change the result and have no counterpart
 */
export async function withConsole<Options>(
  command: Command,
  groups: readonly OptionGroup[],
  session: Session,
  body: (console: Console<Options>) => Promise<number>,
): Promise<number> {
  const options = command.optsWithGlobals<Options & CommonOptions>();
  const { json = false, quiet = false, verbose = false, progress: mode = 'auto' } = options;
  const colorOf = (stream: OutputStream) => wantsColor(stream, options.color ?? true, session.env);
  const stderrColor = colorOf(session.stderr);
  const progress = openProgress(session.stderr, { mode, quiet, verbose, color: stderrColor, env: session.env });
  const notice = (text: string) => progress.say(`${painter(stderrColor)('cyan', 'notice:')} ${text}`);
  try {
    checkSlimFlags(slimFlagsIn(options as Record<string, unknown>, groups), notice);
    return await body({
      options,
      quiet,
      verbose,
      fail: (failure) => {
        progress.close();
        return tellFailure(failure, { json, verbose, color: stderrColor }, session);
      },
      context: {
        signal: session.signal,
        progress: progress.sink,
        version: session.version,
        userSignal: (kind) => {
          notice(kind === 'enter' ? 'press enter to go on' : `to go on: kill -USR1 ${process.pid}`);
          return waitForUser(kind, session);
        },
      },
      notice,
      result: (document, text) => {
        progress.close();
        const layout = { width: session.stdout.columns ?? Number.POSITIVE_INFINITY, color: colorOf(session.stdout) };
        const printed = json ? JSON.stringify(document) : text(layout);
        if (printed !== '') session.stdout.write(`${printed}\n`);
      },
    });
  } finally {
    progress.close();
  }
}

function checkSlimFlags(flags: readonly SlimFlag[], notice: (text: string) => void): void {
  const refused = flags.find((flag) => flag.effect === 'refused');
  if (refused) {
    throw new TraceSlimError('USAGE_INVALID', `--${refused.name} is not supported`, { hint: refused.because });
  }
  for (const { name, because } of flags) notice(`--${name} is ignored: ${because}`);
}
