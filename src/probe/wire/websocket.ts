import { createRequire } from 'node:module';
import type { RawData, WebSocket } from 'ws';
import { startDeadline } from '../deadline.ts';
import { attempt, type Limits } from './attempt.ts';
import { type Line, startSocket, WireError } from './socket.ts';

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_MESSAGES = 10_000;
/** Of all messages together. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A message; that of a text frame is UTF-8. */
export interface WebSocketMessage {
  readonly binary: boolean;
  readonly data: Buffer;
}

export type WebSocketStep =
  | { readonly send: string | Buffer }
  /** Waits for the next message. `judge` says what is wrong with it, if anything; that ends the conversation. */
  | { readonly judge: (message: WebSocketMessage) => string | undefined }
  /** Waits until the server closes; `judgeClose` is as `judge`. */
  | { readonly judgeClose: (close: WebSocketClose) => string | undefined };

/** How the server ended a connection; code 1006 stands for an end without a closing handshake. */
interface WebSocketClose {
  readonly code: number;
  readonly reason: string;
}

export interface WebSocketTalk {
  /** `Host` header: name and port. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols: readonly string[];
  readonly steps: readonly WebSocketStep[];
}

export interface WebSocketResult {
  /** Status of the HTTP answer: 101 when the connection was upgraded. Absent: there was none. */
  readonly status?: number;
  readonly subprotocol?: string;
  /** The messages that steps have waited for, in order. */
  readonly messages: readonly WebSocketMessage[];
  /** Set when a step has waited for it. */
  readonly close?: WebSocketClose;
  readonly failure?: string;
}

/** Loads the WebSocket client; called while the application starts. */
export async function prepareWebSocket(): Promise<typeof import('ws')> {
  return createRequire(import.meta.url)('ws');
}

/** Holds one conversation over a WebSocket. What was seen before a failure is given too. */
export async function talkWebSocket(line: Line, talk: WebSocketTalk, limits: Limits): Promise<WebSocketResult> {
  const { WebSocket } = await prepareWebSocket();
  const seen: Seen = { messages: [], bytes: 0, taken: 0, wake: () => {} };
  const failure = await attempt(limits, async (signal) => {
    const socket = new WebSocket(`${line.tls ? 'wss' : 'ws'}://${talk.host}${talk.path}`, [...talk.subprotocols], {
      headers: talk.headers,
      createConnection: () => startSocket(line),
      maxPayload: MAX_MESSAGE_BYTES,
      followRedirects: false,
    });
    try {
      watch(socket, seen, signal);
      await until(seen, () => seen.isOpen);
      for (const step of talk.steps) await take(step, socket, seen);
      await part(socket, seen, signal);
    } finally {
      socket.terminate();
    }
  });
  const { status, subprotocol, awaitedClose: close } = seen;
  return {
    ...(status !== undefined && { status }),
    ...(subprotocol && { subprotocol }),
    messages: seen.messages.slice(0, seen.taken),
    ...(close && { close }),
    ...(failure !== undefined && { failure }),
  };
}

/** What has been seen of a connection so far. */
interface Seen {
  readonly messages: WebSocketMessage[];
  /** Of the messages together. */
  bytes: number;
  /** How many of the messages were waited for. */
  taken: number;
  wake: () => void;
  isOpen?: boolean;
  status?: number;
  subprotocol?: string;
  close?: WebSocketClose;
  awaitedClose?: WebSocketClose;
  error?: { readonly error: unknown };
}

function watch(socket: WebSocket, seen: Seen, signal: AbortSignal): void {
  signal.addEventListener('abort', () => fail(seen, signal.reason), { once: true });
  if (signal.aborted) fail(seen, signal.reason);
  socket.on('upgrade', ({ statusCode }) => Object.assign(seen, { status: statusCode }));
  socket.on('unexpected-response', (request, { statusCode }) => {
    Object.assign(seen, { status: statusCode });
    fail(seen, new WireError(`the answer is ${statusCode}, not an upgrade`));
    request.destroy();
  });
  socket.on('open', () => {
    Object.assign(seen, { isOpen: true, subprotocol: socket.protocol });
    seen.wake();
  });
  socket.on('message', (data, binary) => {
    const message = { binary, data: bytesOf(data) };
    seen.bytes += message.data.length;
    if (seen.bytes > MAX_BYTES) tooMuch(socket, seen, `more than ${MAX_BYTES} bytes came`);
    else if (seen.messages.push(message) > MAX_MESSAGES)
      tooMuch(socket, seen, `more than ${MAX_MESSAGES} messages came`);
    seen.wake();
  });
  socket.on('error', (error) => fail(seen, errorOf(error)));
  socket.on('close', (code, reason) => {
    seen.close ??= { code, reason: reason.toString('utf8') };
    seen.wake();
  });
}

function tooMuch(socket: WebSocket, seen: Seen, problem: string): void {
  fail(seen, new WireError(problem));
  socket.terminate();
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

async function take(step: WebSocketStep, socket: WebSocket, seen: Seen): Promise<void> {
  if ('send' in step) return socket.send(step.send);
  if ('judgeClose' in step) {
    seen.awaitedClose = await until(seen, () => seen.close);
    return refuse(step.judgeClose(seen.awaitedClose));
  }
  const message = await until(seen, () => seen.messages[seen.taken] ?? seen.close);
  if ('code' in message) throw new WireError(`closed with code ${message.code} before a message that is waited for`);
  seen.taken += 1;
  refuse(step.judge(message));
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new WireError(problem);
}

/** Closes the connection and gives the server a little time to take note. */
async function part(socket: WebSocket, seen: Seen, signal: AbortSignal): Promise<void> {
  using parting = startDeadline(signal, PARTING_MS);
  parting.signal.addEventListener('abort', () => seen.wake(), { once: true });
  socket.close(NORMAL_CLOSURE);
  await until(seen, () => seen.close ?? (parting.expired() || undefined));
}

const NORMAL_CLOSURE = 1000;
const PARTING_MS = 2000;

/** Waits until something is there to return. Rejects when the connection broke, or with the reason of an abort. */
async function until<T>(seen: Seen, find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (seen.error) throw seen.error.error;
    await new Promise<void>((resolve) => {
      seen.wake = resolve;
    });
  }
}

/** Errors of the protocol have no code of the system, or one of the library's own. */
function errorOf(error: Error & { code?: unknown }): unknown {
  return error.code === undefined || /^(?:WS_ERR|HPE)_/.test(String(error.code)) ? new WireError(error.message) : error;
}

function fail(seen: Seen, error: unknown): void {
  seen.error ??= { error };
  seen.wake();
}
