import type { Failure } from './failure.ts';
import type { Session } from './session.ts';

/** How a user wants to be told. */
export interface TellOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

/** Tells the user of a failure: the document on stdout with `--json`, the message on stderr. Gives the exit status. */
export function tellFailure(
  { document, text, exitStatus }: Failure,
  { json, verbose, color }: TellOptions,
  { stdout, stderr }: Pick<Session, 'stdout' | 'stderr'>,
): number {
  if (json && document) stdout.write(`${JSON.stringify(document)}\n`);
  const lines = text({ verbose, color });
  if (lines !== '') stderr.write(`${lines}\n`);
  return exitStatus;
}
