import { isUtf8 } from 'node:buffer';
import type { Container, Listener } from '../engine/types.ts';
import { bytesOf, displayPath } from '../rootfs/path.ts';
import type { HttpCommand } from '../settings.ts';
import { type HttpBody, type HttpReply, type HttpRequest, prepareExchange } from './exchange.ts';
import { headerFacts } from './header-facts.ts';
import { hostOf } from './listener.ts';
import type { HttpOrigins } from './origins.ts';
import { failedOutcome, since } from './outcome.ts';
import type { Fact, Outcome, Probe } from './types.ts';

/** Text up to this length is stored and compared word by word; longer bodies are compared by digest. */
const MAX_TEXT_BYTES = 1024 * 1024;

export interface HttpProbeOptions {
  readonly id: string;
  readonly listener: Listener;
  readonly command: HttpCommand;
  readonly timeoutMs: number;
  readonly origins: HttpOrigins;
}

/**
 * One HTTP request. It is ok when an answer with a status below 500 came back; a redirect is an answer and is not
 * followed.
 */
export function httpProbe(options: HttpProbeOptions): Probe {
  return {
    id: options.id,
    kind: 'http',
    listeners: [options.listener],
    prepare: prepareExchange,
    async run(container, { signal }) {
      const { outcome } = await request(container, options, signal);
      return [outcome];
    },
  };
}

/** Sends a probe's request once and gives the answer both as it came and as an outcome. */
export async function request(
  container: Container,
  { id, listener, command, timeoutMs, origins }: HttpProbeOptions,
  signal: AbortSignal,
): Promise<{ outcome: Outcome; reply: HttpReply }> {
  const startedAt = performance.now();
  const scheme = command.protocol;
  const reply = await origins.send(container, listener, requestOf(command, listener), {
    timeoutMs,
    signal,
    ...(scheme && { scheme }),
  });
  return { outcome: outcomeOf(id, reply, startedAt), reply };
}

function requestOf(
  { method, resource, headers, body, username, password }: HttpCommand,
  listener: Listener,
): HttpRequest {
  const all: Record<string, string | string[]> = { host: hostOf(listener), accept: '*/*', 'user-agent': 'trace-slim' };
  if (username !== undefined) {
    const credentials = Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64');
    all.authorization = `Basic ${credentials}`;
  }
  for (const [name, values] of groupHeaders(headers)) all[name] = values.length === 1 ? String(values[0]) : values;
  const target = resource.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
  return { method, target, headers: all, ...(body && { body }) };
}

function groupHeaders(lines: readonly string[]): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    grouped.set(name, [...(grouped.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return grouped;
}

/** An answer as an outcome: ok when there is one and its status is below 500. */
export function outcomeOf(probe: string, reply: HttpReply, startedAt: number): Outcome {
  if (reply.kind === 'failure') return failedOutcome(probe, reply.text, startedAt);
  const { status, body } = reply;
  return {
    probe,
    ok: status < 500,
    summary: summaryOf(reply),
    durationMs: since(startedAt),
    facts: [
      { name: 'status', value: String(status), compare: 'exact' },
      ...headerFacts(reply.headers),
      bodyFact(body, String(reply.headers['content-type'] ?? '')),
    ],
  };
}

function summaryOf({ status, headers, body }: Extract<HttpReply, { kind: 'answer' }>): string {
  const type = String(headers['content-type'] ?? '').split(';', 1)[0];
  const location = headers.location === undefined ? '' : `to ${String(headers.location)}`;
  const length = body.unfinished ? `body without end (${body.unfinished})` : `${body.length} B`;
  const summary = [String(status), location, type, length].filter((part) => part !== '').join(' ');
  return displayPath(bytesOf(summary)).slice(0, 200);
}

const TEXTUAL_TYPES = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|javascript|x-www-form-urlencoded)\b)/i;

function bodyFact({ bytes, length, sha256, unfinished }: HttpBody, contentType: string): Fact {
  if (unfinished) return { name: 'body', value: `not read to its end: ${unfinished}`, compare: 'shown' };
  if (bytes && length <= MAX_TEXT_BYTES && (TEXTUAL_TYPES.test(contentType) || isText(bytes))) {
    return { name: 'body', value: bytes.toString('latin1'), compare: 'text' };
  }
  return { name: 'body', value: `sha256:${sha256} ${length} B`, compare: 'exact' };
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}
