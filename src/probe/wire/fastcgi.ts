import { attempt, type Limits } from './attempt.ts';
import { Connection, type Line, WireError } from './socket.ts';

/** Record types and constants. Source: FastCGI Specification 1.0, section 8 */
const VERSION = 1;
const BEGIN_REQUEST = 1;
const END_REQUEST = 3;
const PARAMS = 4;
const STDIN = 5;
const STDOUT = 6;
const STDERR = 7;
const RESPONDER = 1;
const REQUEST_ID = 1;
const HEADER_BYTES = 8;
const MAX_CONTENT_BYTES = 65_528;
const PROTOCOL_STATUS = ['request complete', 'cannot multiplex', 'overloaded', 'unknown role'];

const MAX_BYTES = 64 * 1024 * 1024;

export interface FastCgiRequest {
  /** CGI variables: `SCRIPT_FILENAME`, `REQUEST_METHOD` and so on. */
  readonly params: Readonly<Record<string, string>>;
  readonly stdin?: Buffer;
}

export interface FastCgiResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Exit status of the application; absent when its end was not seen. */
  readonly appStatus?: number;
  readonly failure?: string;
}

/** Sends one request to a FastCGI responder and reads what it answers. */
export async function requestFastCgi(line: Line, request: FastCgiRequest, limits: Limits): Promise<FastCgiResult> {
  const output: Output = { stdout: [], stderr: [] };
  const failure = await attempt(limits, async (signal) => {
    using connection = new Connection(line, { signal, maxBytes: MAX_BYTES });
    connection.socket.write(encodeRequest(request));
    while (output.appStatus === undefined) accept(await readRecord(connection), output);
  });
  const { appStatus } = output;
  return {
    stdout: Buffer.concat(output.stdout),
    stderr: Buffer.concat(output.stderr),
    ...(appStatus !== undefined && { appStatus }),
    ...(failure !== undefined && { failure }),
  };
}

/** The answer of a CGI program. */
export interface CgiResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Reads a CGI response; one without a `Status` header has status 200. Undefined when it has no headers. */
export function parseCgiResponse(stdout: Buffer): CgiResponse | undefined {
  const end = /\r?\n\r?\n/.exec(stdout.subarray(0, MAX_CONTENT_BYTES).toString('latin1'));
  if (!end) return undefined;
  const lines = stdout.toString('latin1', 0, end.index).split(/\r?\n/);
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const status = headers.find(([name]) => name === 'status')?.[1] ?? '200';
  return {
    status: Number.parseInt(status, 10),
    headers: headers.filter(([name]) => name !== 'status'),
    body: stdout.subarray(end.index + end[0].length),
  };
}

interface Output {
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  appStatus?: number;
}

function encodeRequest({ params, stdin = Buffer.alloc(0) }: FastCgiRequest): Buffer {
  const begin = Buffer.from([0, RESPONDER, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([
    record(BEGIN_REQUEST, begin),
    ...stream(PARAMS, encodeParams(params)),
    ...stream(STDIN, stdin),
  ]);
}

function record(type: number, content: Buffer): Buffer {
  const header = Buffer.from([VERSION, type, 0, REQUEST_ID, content.length >> 8, content.length & 0xff, 0, 0]);
  return Buffer.concat([header, content]);
}

/** A stream is records of its type, the last of them empty. */
function* stream(type: number, content: Buffer): Generator<Buffer> {
  for (let start = 0; start < content.length; start += MAX_CONTENT_BYTES) {
    yield record(type, content.subarray(start, start + MAX_CONTENT_BYTES));
  }
  yield record(type, Buffer.alloc(0));
}

function encodeParams(params: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(params).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]);
  return Buffer.concat(pairs.flatMap((pair) => [...pair.map(({ length }) => encodeLength(length)), ...pair]));
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length + 0x80000000);
  return bytes;
}

async function readRecord(connection: Connection): Promise<{ type: number; content: Buffer }> {
  await until(connection, HEADER_BYTES);
  const header = connection.received;
  if (header[0] !== VERSION) throw new WireError('the answer is not FastCGI');
  const type = header[1] ?? 0;
  const contentLength = header.readUInt16BE(4);
  const length = HEADER_BYTES + contentLength + (header[6] ?? 0);
  await until(connection, length);
  return { type, content: connection.take(length).subarray(HEADER_BYTES, HEADER_BYTES + contentLength) };
}

async function until(connection: Connection, length: number): Promise<void> {
  while (connection.received.length < length) {
    if (!(await connection.more())) throw new WireError('connection closed');
  }
}

function accept({ type, content }: { type: number; content: Buffer }, output: Output): void {
  if (type === STDOUT) output.stdout.push(content);
  if (type === STDERR) output.stderr.push(content);
  if (type !== END_REQUEST) return;
  const status = content[4] ?? 0;
  if (content.length < HEADER_BYTES) throw new WireError('the answer is not FastCGI');
  if (status !== 0) throw new WireError(`the request was refused: ${PROTOCOL_STATUS[status] ?? status}`);
  output.appStatus = content.readUInt32BE(0);
}
