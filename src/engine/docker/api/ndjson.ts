import { errnoOf, TraceSlimError } from '../../../errors.ts';
import { endOf } from './connections.ts';
import { daemonError } from './errors.ts';

/** A longer line is no message of a daemon. */
const MAX_LINE_BYTES = 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Reads the messages of `pull`, `load`, `build` and `events`: one JSON object a line, the last one with or without its
 * newline. `doing` is for errors. A line with `error` or `errorDetail` ends it with what {@link daemonError} makes of
 * it; a line that is no JSON object, or longer than 1 MiB, with ENGINE_FAILED.
 */
export async function* readNdjson(
  stream: AsyncIterable<Buffer>,
  doing = "reading the daemon's messages",
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  for await (const line of readLines(stream, doing)) {
    const text = line.toString('utf8').trim();
    if (text !== '') yield parseMessage(text, doing);
  }
}

async function* readLines(stream: AsyncIterable<Buffer>, doing: string): AsyncGenerator<Buffer, void, undefined> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of failuresNamed(stream, doing)) {
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      yield Buffer.concat([...pending, chunk.subarray(at, end)]);
      pending = [];
      pendingBytes = 0;
      at = end + 1;
    }
    pending.push(chunk.subarray(at));
    pendingBytes += chunk.length - at;
    if (pendingBytes > MAX_LINE_BYTES) throw malformed(Buffer.concat(pending).toString('utf8'), doing);
  }
  yield Buffer.concat(pending);
}

async function* failuresNamed(stream: AsyncIterable<Buffer>, doing: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* stream;
  } catch (error) {
    throw errnoOf(error) === undefined ? error : daemonError(endOf(stream) ?? error, doing);
  }
}

function parseMessage(text: string, doing: string): Record<string, unknown> {
  const message = parsed(text);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) throw malformed(text, doing);
  const { error, errorDetail } = message as { error?: unknown; errorDetail?: { message?: unknown } };
  const complaint = errorDetail?.message ?? error;
  if (complaint !== undefined) throw daemonError(new Error(String(complaint)), doing);
  return message as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(text: string, doing: string): TraceSlimError {
  return new TraceSlimError('ENGINE_FAILED', `${doing} failed: the daemon sent a line that is no message`, {
    context: { line: text.slice(0, 200) },
  });
}
