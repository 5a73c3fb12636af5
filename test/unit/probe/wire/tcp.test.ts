import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { talkTcp } from '../../../../src/probe/wire/tcp.ts';
import { tcpServer } from '../../../support/servers.ts';
import { tlsServer } from '../../../support/wire-servers.ts';

const signal = new AbortController().signal;
const limits = { timeoutMs: 5000, signal };
const send = (text: string) => ({ send: Buffer.from(text) });
const texts = (received: readonly Buffer[]) => received.map(String);

describe('a TCP conversation', () => {
  it('reads what comes until the server closes', async () => {
    await using server = await tcpServer((socket) => socket.once('data', (data) => socket.end(`got ${data}`)));
    const result = await talkTcp({ ...server, tls: false }, [send('hi'), { read: 'close' }], limits);
    expect({ ...result, received: texts(result.received) }).toEqual({ received: ['got hi'] });
  });

  it('reads as many bytes as are asked for and leaves the rest for the next step', async () => {
    await using server = await tcpServer((socket) => socket.end('abcdef'));
    const steps = [{ read: { bytes: 4 } }, { read: 'close' }] as const;
    const result = await talkTcp({ ...server, tls: false }, steps, limits);
    expect(texts(result.received)).toEqual(['abcd', 'ef']);
  });

  it('takes an answer for complete when nothing more comes', async () => {
    await using server = await tcpServer((socket) => socket.write('220 ready\r\n'));
    const result = await talkTcp({ ...server, tls: false }, [{ read: { quietMs: 20 } }], limits);
    expect({ ...result, received: texts(result.received) }).toEqual({ received: ['220 ready\r\n'] });
  });

  it('does not take silence for the end of an answer before it is as expected', async () => {
    await using server = await tcpServer((socket) => {
      socket.write('starting\n');
      socket.once('data', () => socket.write('ready\n'));
    });
    const talk = talkTcp(
      { ...server, tls: false },
      [
        { read: { quietMs: 5 } },
        { send: Buffer.from('go') },
        { read: { quietMs: 5 }, accepts: (received) => received.includes('ready') },
      ],
      limits,
    );
    expect(texts((await talk).received)).toEqual(['starting\n', 'ready\n']);
  });

  it('reports a server that says nothing, with what came before', async () => {
    await using server = await tcpServer((socket) => socket.write('one'));
    const steps = [{ read: { bytes: 3 } }, { read: 'close' }] as const;
    const result = await talkTcp({ ...server, tls: false }, steps, { timeoutMs: 50, signal });
    expect({ ...result, received: texts(result.received) }).toEqual({
      received: ['one', ''],
      failure: 'not done within 0.05 s',
    });
  });

  it('reports a refused connection, also when nothing is read', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const line = { endpoint: { host: '127.0.0.1', port }, tls: false };
    expect(await talkTcp(line, [], limits)).toEqual({ received: [], failure: 'connection refused' });
  });

  it('speaks TLS with a server whose certificate nobody trusts', async () => {
    await using server = await tlsServer((socket) => socket.end('secret'));
    const result = await talkTcp({ ...server, tls: true }, [{ read: 'close' }], limits);
    expect({ ...result, received: texts(result.received) }).toEqual({ received: ['secret'] });
  });

  it('tells a server that does not speak TLS', async () => {
    await using server = await tcpServer((socket) => socket.end('220 plain\r\n'));
    const result = await talkTcp({ ...server, tls: true }, [{ read: 'close' }], limits);
    expect(result.failure).toBe('the answer is not TLS');
  });

  it('rejects with the reason when aborted', async () => {
    await using server = await tcpServer(() => {});
    const controller = new AbortController();
    const talk = talkTcp({ ...server, tls: false }, [{ read: 'close' }], { ...limits, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(talk).rejects.toThrow('enough');
  });
});
