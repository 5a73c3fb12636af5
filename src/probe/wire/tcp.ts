import { startDeadline } from '../deadline.ts';
import { attempt, type Limits } from './attempt.ts';
import { Connection, type Line } from './socket.ts';

/** Bytes of one conversation that are read. */
const MAX_BYTES = 16 * 1024 * 1024;
const DEFAULT_QUIET_MS = 200;

/** What is done on a connection, in order. */
export type TcpStep =
  | { readonly send: Buffer }
  /** Reads what comes. Silence is not taken for the end of it before `accepts` holds; absent: before the first byte. */
  | { readonly read: ReadUntil; readonly accepts?: (received: Buffer) => boolean };

/** `close`: the other side has closed. `quietMs`: nothing has come for so long. */
export type ReadUntil = 'close' | { readonly bytes: number } | { readonly quietMs?: number };

export interface TcpResult {
  /** What each `read` got, in order. */
  readonly received: readonly Buffer[];
  readonly failure?: string;
}

/** Talks over one TCP or TLS connection. What was received before a failure is given too. */
export async function talkTcp(line: Line, steps: readonly TcpStep[], limits: Limits): Promise<TcpResult> {
  const received: Buffer[] = [];
  const failure = await attempt(limits, async (signal) => {
    using connection = new Connection(line, { signal, maxBytes: MAX_BYTES });
    await isConnected(connection, line, signal);
    for (const step of steps) {
      if ('send' in step) connection.socket.write(step.send);
      else await read(connection, step, signal, received);
    }
  });
  return { received, ...(failure !== undefined && { failure }) };
}

/** Resolves when the connection is made; what can go wrong is left to {@link Connection.more}. */
async function isConnected(connection: Connection, { tls }: Line, signal: AbortSignal): Promise<void> {
  const { socket } = connection;
  const made = new AbortController();
  socket.once(tls ? 'secureConnect' : 'connect', () => made.abort());
  await connection.more(AbortSignal.any([made.signal, signal]));
  signal.throwIfAborted();
}

async function read(
  connection: Connection,
  step: Extract<TcpStep, { read: ReadUntil }>,
  signal: AbortSignal,
  received: Buffer[],
): Promise<void> {
  const { read: until, accepts = ({ length }) => length > 0 } = step;
  const wanted = typeof until === 'object' && 'bytes' in until ? until.bytes : Number.POSITIVE_INFINITY;
  const quietMs = typeof until === 'object' && !('bytes' in until) ? (until.quietMs ?? DEFAULT_QUIET_MS) : undefined;
  try {
    while (connection.received.length < wanted) {
      const isOverSoon = quietMs !== undefined && accepts(connection.received);
      if (!(await (isOverSoon ? moreWithin(connection, quietMs, signal) : connection.more(signal)))) break;
    }
    signal.throwIfAborted();
  } finally {
    received.push(connection.take(Math.min(wanted, connection.received.length)));
  }
}

/** False also when nothing has come in time. */
async function moreWithin(connection: Connection, timeMs: number, signal: AbortSignal): Promise<boolean> {
  using quiet = startDeadline(signal, timeMs);
  return await connection.more(quiet.signal);
}
