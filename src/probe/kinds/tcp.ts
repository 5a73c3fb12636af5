import { z } from 'zod';
import { listenerName } from '../listener.ts';
import { type ReadUntil, type TcpStep, talkTcp } from '../wire/tcp.ts';
import { type ExpectedText, expectedText } from './expectation.ts';
import { durationMs, listener, oneListener } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { textMismatch } from './matcher.ts';
import { contentFact, talkOutcome } from './talk.ts';
import { payload, payloadBytes, tls } from './wire-fields.ts';

const until = z
  .union([
    z.literal('close'),
    z.strictObject({ bytes: z.int().min(1).max(16_777_216) }),
    z.strictObject({ quiet: durationMs }),
  ])
  .meta({
    description: 'How an answer ends: with the connection, after so many bytes, or with silence ({quiet: 200ms}).',
  });

const step = z.strictObject({
  send: payload.optional(),
  expect: expectedText.optional(),
  until: until.optional(),
});

const schema = z
  .union([
    listener.port.unwrap().transform((given) => ({ port: given, socket: undefined, tls: false, steps: [] })),
    z
      .strictObject({
        ...listener,
        tls,
        steps: z
          .array(step)
          .max(1000)
          .default([])
          .meta({ description: 'Each sends, then reads an answer if expect or until say so. None: only connect.' }),
      })
      .superRefine(oneListener),
  ])
  .meta({ description: 'Talks over one connection to a TCP port or a unix socket.' });

type TcpSpec = z.infer<typeof schema>;

/** One TCP or TLS connection; ok when every answer was as its step expects. */
export const tcpKind: ProbeKind<TcpSpec> = {
  name: 'tcp',
  schema,
  expects: ['reply'],
  make: (spec, context) => {
    const at = context.listenerOf(spec);
    return {
      title: listenerName(at),
      listeners: [at],
      async run(container, { id, spec: { tls, steps }, timeoutMs, signal }) {
        const startedAt = performance.now();
        const line = { endpoint: await container.endpoint(at), tls };
        const { received, failure } = await talkTcp(line, steps.flatMap(stepsOf), { timeoutMs, signal });
        const reply = Buffer.concat(received);
        const expected = steps.filter(reads).map((read) => read.expect);
        const problem = mismatchIn(received, expected) ?? failure;
        const facts = [contentFact('reply', reply)];
        return [talkOutcome(id, { facts, summary: `${reply.length} B`, failure: problem }, startedAt)];
      },
    };
  },
};

type Step = z.infer<typeof step>;

function reads({ expect, until }: Step): boolean {
  return expect !== undefined || until !== undefined;
}

function stepsOf(given: Step): TcpStep[] {
  const { send, expect } = given;
  const accepts = (received: Buffer) => received.length > 0 && mismatchOf(received, expect) === undefined;
  return [
    ...(send === undefined ? [] : [{ send: payloadBytes(send) }]),
    ...(reads(given) ? [{ read: readUntil(given.until), accepts }] : []),
  ];
}

function readUntil(given: z.infer<typeof until> | undefined): ReadUntil {
  if (given === undefined) return {};
  return typeof given === 'object' && 'quiet' in given ? { quietMs: given.quiet } : given;
}

function mismatchIn(received: readonly Buffer[], expected: readonly (ExpectedText | undefined)[]): string | undefined {
  return received.map((bytes, index) => mismatchOf(bytes, expected[index])).find((text) => text !== undefined);
}

function mismatchOf(received: Buffer, expected: ExpectedText | undefined): string | undefined {
  const mismatch = expected === undefined ? undefined : textMismatch(expected, received.toString('utf8'));
  return mismatch && `the answer ${mismatch}`;
}
