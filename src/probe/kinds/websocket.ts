import { z } from 'zod';
import { bytesOf } from '../../rootfs/path.ts';
import { boundedWork } from '../bounded-work.ts';
import { hostOf, resourceName } from '../listener.ts';
import type { Fact } from '../types.ts';
import {
  prepareWebSocket,
  talkWebSocket,
  type WebSocketMessage,
  type WebSocketResult,
  type WebSocketStep,
} from '../wire/websocket.ts';
import { expectedText } from './expectation.ts';
import { headers, listener, oneListener } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { jsonMismatch, textMismatch } from './matcher.ts';
import { contentFact, digestOf, talkOutcome } from './talk.ts';
import { payload, payloadBytes, tls } from './wire-fields.ts';

const json = z.strictObject({ json: z.unknown() });
const code = z.int().min(1000).max(4999);

const step = z.union(
  [
    z.strictObject({ send: z.union([json, payload]) }),
    z.strictObject({ expect: z.union([json, expectedText]) }),
    z.strictObject({ close: code }),
  ],
  { error: 'give one of send, expect, close' },
);

const path = z.string().startsWith('/', { error: 'must start with /' }).max(8000);
const plain = { port: undefined, socket: undefined, tls: false, headers: {}, subprotocols: [], steps: [] };

const schema = z
  .union([
    path.transform((given) => ({ ...plain, path: given })),
    z
      .strictObject({
        ...listener,
        path: path.default('/'),
        tls,
        headers: headers.default({}),
        subprotocols: z
          .array(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/))
          .max(100)
          .default([]),
        steps: z.array(step).max(1000).default([]).meta({
          description: 'send: a message; expect: what the next message is; close: the server closes with this code.',
        }),
      })
      .superRefine(oneListener),
  ])
  .meta({ description: 'Connects to a WebSocket, sends messages and looks at the answers.' });

type WebSocketSpec = z.infer<typeof schema>;

/** One WebSocket conversation; ok when the connection was upgraded and every message was as its step expects. */
export const websocketKind: ProbeKind<WebSocketSpec> = {
  name: 'websocket',
  schema,
  expects: ['status', 'reply'],
  make: (spec, context) => {
    const at = context.listenerOf(spec);
    return {
      title: resourceName(at, spec.path),
      listeners: [at],
      prepare: prepareWebSocket,
      async run(container, { id, spec: { tls, path, headers, subprotocols, steps }, timeoutMs, signal }) {
        const startedAt = performance.now();
        const line = { endpoint: await container.endpoint(at), tls };
        const talk = { host: hostOf(at), path, headers, subprotocols, steps: steps.map(stepOf) };
        const result = await talkWebSocket(line, talk, { timeoutMs, signal });
        const summary = `${result.status ?? ''} ${result.messages.length} messages`.trimStart();
        return [talkOutcome(id, { facts: factsOf(result), summary, failure: result.failure }, startedAt)];
      },
    };
  },
};

function stepOf(given: z.infer<typeof step>): WebSocketStep {
  if ('close' in given) return { judgeClose: ({ code }) => closeMismatch(given.close, code) };
  if ('expect' in given) return { judge: (message) => messageMismatch(given.expect, message) };
  const { send } = given;
  if (typeof send === 'string') return { send };
  return { send: 'json' in send ? JSON.stringify(send.json) : payloadBytes(send) };
}

function closeMismatch(expected: number, code: number): string | undefined {
  return code === expected ? undefined : `expected to be closed with code ${expected}, was closed with ${code}`;
}

function messageMismatch(
  expected: Extract<z.infer<typeof step>, { expect: unknown }>['expect'],
  { data }: WebSocketMessage,
): string | undefined {
  const text = data.toString('utf8');
  const mismatch =
    typeof expected === 'object' && 'json' in expected
      ? jsonTextMismatch(expected.json, text)
      : textMismatch(expected, text);
  return mismatch && `a message ${mismatch}`;
}

function jsonTextMismatch(expected: unknown, text: string): string | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return boundedWork(() => jsonMismatch(expected, [document]), 'is too much to be compared');
  } catch {
    return 'is not JSON';
  }
}

function factsOf({ status, subprotocol, messages, close }: WebSocketResult): Fact[] {
  const exact = (name: string, value: string | number | undefined): Fact[] =>
    value === undefined ? [] : [{ name, value: bytesOf(String(value)), compare: 'exact' }];
  const shown = messages.map(({ binary, data }) => (binary ? Buffer.from(digestOf(data)) : data));
  const reply = shown.flatMap((message, index) => (index === 0 ? [message] : [Buffer.from('\n'), message]));
  return [
    ...exact('status', status),
    ...exact('subprotocol', subprotocol),
    contentFact('reply', Buffer.concat(reply)),
    ...exact('close', close && `${close.code} ${close.reason}`.trimEnd()),
  ];
}
