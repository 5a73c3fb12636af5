import { describe, expect, it } from 'vitest';
import { redisKind } from '../../../../src/probe/kinds/redis.ts';
import { comparedFacts, makeKind, outcomeOf } from '../../../support/probe-kinds.ts';
import { tcpServer } from '../../../support/servers.ts';

/** Answers each command by its name. */
const redis = () =>
  tcpServer((socket) =>
    socket.on('data', (data) => {
      const name = String(data).split('\r\n')[2] ?? '';
      socket.write({ PING: '+PONG\r\n', GET: '$2\r\nhi\r\n', AUTH: '+OK\r\n' }[name] ?? `-ERR unknown ${name}\r\n`);
    }),
  );

describe('a redis probe', () => {
  it('has the replies to its commands, one a line', async () => {
    await using server = await redis();
    const outcome = await outcomeOf(redisKind, ['PING', ['GET', 'a key']], server);
    expect(outcome).toMatchObject({ ok: true, summary: 'PONG hi' });
    expect(comparedFacts(outcome)).toEqual({ reply: 'PONG\nhi' });
  });

  it('is not ok when a command is answered with an error', async () => {
    await using server = await redis();
    expect(await outcomeOf(redisKind, 'FLY', server)).toMatchObject({ ok: false, summary: '(error) ERR unknown FLY' });
  });

  it('logs in first, which is no reply of its own', async () => {
    await using server = await redis();
    const outcome = await outcomeOf(redisKind, { password: 'secret', commands: ['PING'] }, server);
    expect(comparedFacts(outcome)).toEqual({ reply: 'PONG' });
  });

  it('says that the password was refused', async () => {
    await using server = await tcpServer((socket) => socket.on('data', () => socket.write('-ERR no\r\n+PONG\r\n')));
    const outcome = await outcomeOf(redisKind, { password: 'wrong', commands: ['PING'] }, server);
    expect(outcome).toMatchObject({ ok: false, summary: 'AUTH: (error) ERR no' });
  });

  it('goes to the port of Redis unless another one is named', async () => {
    expect((await makeKind(redisKind, 'PING')).listeners).toEqual([6379]);
    expect((await makeKind(redisKind, { port: 7000, commands: ['PING'] })).title).toBe(':7000 PING');
  });

  it('reports a server that speaks something else', async () => {
    await using server = await tcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n'));
    expect(await outcomeOf(redisKind, 'PING', server)).toMatchObject({ ok: false, summary: 'the answer is not RESP' });
  });
});
