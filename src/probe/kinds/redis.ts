import { z } from 'zod';
import { listenerName } from '../listener.ts';
import { formatReply, talkRedis } from '../wire/resp.ts';
import { listener, oneListener } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { contentFact, talkOutcome } from './talk.ts';
import { tls } from './wire-fields.ts';

const REDIS_PORT = 6379;

const command = z
  .union([z.string().transform((line) => line.trim().split(/\s+/)), z.array(z.coerce.string()).min(1)])
  .meta({ description: 'A command: words, or a list of them.' });

const commands = z.array(command).min(1).max(10_000);
const plain = { port: undefined, socket: undefined, tls: false, password: undefined };

const schema = z
  .union([
    z.string().transform((line) => ({ ...plain, commands: [line.trim().split(/\s+/)] })),
    commands.transform((list) => ({ ...plain, commands: list })),
    z
      .strictObject({
        ...listener,
        tls,
        password: z.string().optional().meta({ description: 'Sent with AUTH before the commands.' }),
        commands,
      })
      .superRefine(oneListener),
  ])
  .meta({ description: 'Commands for a Redis server: PING, or a list of commands.' });

type RedisSpec = z.infer<typeof schema>;

/** Commands to a server that speaks RESP; ok when none was answered with an error, unless `expect` names the reply. */
export const redisKind: ProbeKind<RedisSpec> = {
  name: 'redis',
  schema,
  expects: ['reply'],
  decides: 'reply',
  make: (spec, context) => {
    const at = context.listenerOf(spec, REDIS_PORT);
    return {
      title: `${listenerName(at)} ${spec.commands.map(([name]) => name).join(', ')}`,
      listeners: [at],
      async run(container, { id, spec: { tls, commands, password }, timeoutMs, signal }) {
        const startedAt = performance.now();
        const login = password === undefined ? [] : [['AUTH', password]];
        const line = { endpoint: await container.endpoint(at), tls };
        const { replies, failure } = await talkRedis(line, [...login, ...commands], { timeoutMs, signal });
        const shown = replies.slice(login.length).map((reply) => formatReply(reply));
        const reply = Buffer.from(shown.join('\n'), 'latin1');
        const refusal = replies.slice(0, login.length).find(({ type }) => type === 'error');
        const problem = failure ?? (refusal && `AUTH: ${formatReply(refusal)}`);
        const talk = { facts: [contentFact('reply', reply)], summary: reply.toString('utf8'), failure: problem };
        const outcome = talkOutcome(id, talk, startedAt);
        return [{ ...outcome, ok: outcome.ok && replies.every(({ type }) => type !== 'error') }];
      },
    };
  },
};
