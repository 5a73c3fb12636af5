import { attempt, type Limits } from './attempt.ts';
import { Connection, type Line, WireError } from './socket.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 16;

/** One reply of a Redis server, in the words of the RESP specification; aggregates of RESP3 are arrays. */
export type RespReply =
  | { readonly type: 'string' | 'error' | 'number'; readonly value: string }
  | { readonly type: 'null' }
  | { readonly type: 'array'; readonly items: readonly RespReply[] };

export interface RespResult {
  /** One for each command, as many as were answered. Strings are byte strings. */
  readonly replies: readonly RespReply[];
  readonly failure?: string;
}

/** Sends commands one after another and reads the reply to each. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export async function talkRedis(
  line: Line,
  commands: readonly (readonly string[])[],
  limits: Limits,
): Promise<RespResult> {
  const replies: RespReply[] = [];
  const failure = await attempt(limits, async (signal) => {
    using connection = new Connection(line, { signal, maxBytes: MAX_BYTES });
    for (const command of commands) {
      connection.socket.write(encodeCommand(command));
      replies.push(await readReply(connection));
    }
  });
  return { replies, ...(failure !== undefined && { failure }) };
}

/** A reply as `redis-cli` shows it: one line each, arrays with numbers. */
export function formatReply(reply: RespReply, indent = ''): string {
  if (reply.type === 'null') return '(nil)';
  if (reply.type === 'array') {
    if (reply.items.length === 0) return '(empty array)';
    const lines = reply.items.map((item, index) => `${index + 1}) ${formatReply(item, `${indent}   `)}`);
    return lines.join(`\n${indent}`);
  }
  if (reply.type === 'error') return `(error) ${reply.value}`;
  return reply.type === 'number' ? `(integer) ${reply.value}` : reply.value;
}

function encodeCommand(words: readonly string[]): Buffer {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join('')}`);
}

async function readReply(connection: Connection, depth = 0): Promise<RespReply> {
  const head = await readLine(connection);
  const [type, rest] = [head[0] ?? '', head.slice(1)];
  const simple = SIMPLE_TYPES[type];
  if (simple) return simple(rest);
  if (type in BULK_TYPES) return readBulk(connection, BULK_TYPES[type] ?? 'string', countOf(rest));
  const width = AGGREGATE_WIDTHS[type];
  if (width === undefined || depth >= MAX_DEPTH) throw new WireError('the answer is not RESP');
  return readItems(connection, countOf(rest), width, depth);
}

const SIMPLE_TYPES: Readonly<Record<string, (value: string) => RespReply>> = {
  '+': (value) => ({ type: 'string', value }),
  '-': (value) => ({ type: 'error', value }),
  ':': (value) => ({ type: 'number', value }),
  '(': (value) => ({ type: 'number', value }),
  ',': (value) => ({ type: 'number', value }),
  '#': (value) => ({ type: 'string', value: value === 't' ? 'true' : 'false' }),
  _: () => ({ type: 'null' }),
};
const BULK_TYPES: Readonly<Record<string, 'string' | 'error'>> = { $: 'string', '!': 'error', '=': 'string' };
/** How many replies an element of an aggregate is. */
const AGGREGATE_WIDTHS: Readonly<Record<string, number>> = { '*': 1, '~': 1, '>': 1, '%': 2 };

async function readBulk(connection: Connection, type: 'string' | 'error', length: number): Promise<RespReply> {
  if (length < 0) return { type: 'null' };
  await until(connection, (bytes) => bytes.length >= length + 2);
  const value = connection.take(length + 2).toString('latin1', 0, length);
  return { type, value };
}

async function readItems(connection: Connection, count: number, width: number, depth: number): Promise<RespReply> {
  if (count < 0) return { type: 'null' };
  const items: RespReply[] = [];
  for (let left = count * width; left > 0; left--) items.push(await readReply(connection, depth + 1));
  return { type: 'array', items };
}

function countOf(text: string): number {
  if (!/^(?:-1|\d{1,9})$/.test(text)) throw new WireError('the answer is not RESP');
  return Number(text);
}

async function readLine(connection: Connection): Promise<string> {
  await until(connection, (bytes) => bytes.includes('\r\n'));
  const end = connection.received.indexOf('\r\n');
  return connection.take(end + 2).toString('latin1', 0, end);
}

async function until(connection: Connection, holds: (received: Buffer) => boolean): Promise<void> {
  while (!holds(connection.received)) {
    if (!(await connection.more())) throw new WireError('connection closed');
  }
}
