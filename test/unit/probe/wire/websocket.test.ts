import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { talkWebSocket, type WebSocketStep, type WebSocketTalk } from '../../../../src/probe/wire/websocket.ts';
import { httpServer, tcpServer } from '../../../support/servers.ts';
import { listening, untrusted } from '../../../support/wire-servers.ts';

const signal = new AbortController().signal;
const limits = { timeoutMs: 5000, signal };
const ANY: WebSocketStep = { judge: () => undefined };

type Serve = (socket: WebSocket, request: import('node:http').IncomingMessage) => void;

async function webSocketServer(serve: Serve, { tls = false } = {}) {
  const http = tls ? createHttpsServer(untrusted) : createHttpServer();
  const sockets = new WebSocketServer({ server: http, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  sockets.on('connection', serve);
  const server = await listening(http);
  return { ...server, tls };
}

const echo: Serve = (socket) => socket.on('message', (data, binary) => socket.send(data, { binary }));

function talk(steps: readonly WebSocketStep[], given: Partial<WebSocketTalk> = {}): WebSocketTalk {
  return { host: 'localhost:8080', path: '/', headers: {}, subprotocols: [], steps, ...given };
}

describe('a WebSocket conversation', () => {
  it('does not keep messages without end', async () => {
    const message = Buffer.alloc(8 * 1024 * 1024);
    await using server = await webSocketServer((socket) => {
      for (let count = 0; count < 9; count++) socket.send(message, () => {});
    });
    const wait: WebSocketStep = { judgeClose: () => undefined };
    const { failure } = await talkWebSocket(server, talk([wait]), limits);
    expect(failure).toBe('more than 67108864 bytes came');
  });

  it('sends text and bytes and gets the messages that are waited for', async () => {
    await using server = await webSocketServer(echo);
    const steps = [{ send: 'grüße' }, ANY, { send: Buffer.from([0, 255]) }, ANY];
    expect(await talkWebSocket(server, talk(steps), limits)).toEqual({
      status: 101,
      messages: [
        { binary: false, data: Buffer.from('grüße') },
        { binary: true, data: Buffer.from([0, 255]) },
      ],
    });
  });

  it('asks with path, headers and subprotocols, and tells which one was chosen', async () => {
    await using server = await webSocketServer((socket, { url, headers }) =>
      socket.send(JSON.stringify([url, headers.host, headers['x-token']])),
    );
    const given = { path: '/chat?room=1', headers: { 'X-Token': 't' }, subprotocols: ['v1', 'v2'] };
    const result = await talkWebSocket(server, talk([ANY], given), limits);
    expect(result).toMatchObject({ status: 101, subprotocol: 'v2' });
    expect(String(result.messages[0]?.data)).toBe('["/chat?room=1","localhost:8080","t"]');
  });

  it('speaks TLS with a server whose certificate nobody trusts', async () => {
    await using server = await webSocketServer(echo, { tls: true });
    expect(await talkWebSocket(server, talk([{ send: 'hi' }, ANY]), limits)).toMatchObject({ messages: [{}] });
  });

  it('ends with what is wrong with a message', async () => {
    await using server = await webSocketServer(echo);
    const steps: WebSocketStep[] = [{ send: 'a' }, { judge: () => 'not what was expected' }, ANY];
    expect(await talkWebSocket(server, talk(steps), limits)).toMatchObject({
      messages: [{ data: Buffer.from('a') }],
      failure: 'not what was expected',
    });
  });

  it('waits for the server to close and tells how', async () => {
    await using server = await webSocketServer((socket) => socket.close(4001, 'go away'));
    const result = await talkWebSocket(server, talk([{ judgeClose: () => undefined }]), limits);
    expect(result).toEqual({ status: 101, messages: [], close: { code: 4001, reason: 'go away' } });
  });

  it('reports a connection that is closed before a message that is waited for', async () => {
    await using server = await webSocketServer((socket) => socket.terminate());
    expect(await talkWebSocket(server, talk([ANY]), limits)).toMatchObject({
      failure: 'closed with code 1006 before a message that is waited for',
    });
  });

  it('reports an answer that is no upgrade by its status', async () => {
    await using server = await httpServer((_, response) => response.writeHead(404).end());
    const result = await talkWebSocket({ ...server, tls: false }, talk([]), limits);
    expect(result).toEqual({ status: 404, messages: [], failure: 'the answer is 404, not an upgrade' });
  });

  it('reports a server that speaks something else', async () => {
    await using server = await tcpServer((socket) => socket.end('220 smtp\r\n'));
    const { failure } = await talkWebSocket({ ...server, tls: false }, talk([]), limits);
    expect(failure).toMatch(/^Parse Error/);
  });

  it('reports that nobody listens', async () => {
    const line = { endpoint: { socketPath: '/nowhere/ws.sock' }, tls: false };
    expect(await talkWebSocket(line, talk([]), limits)).toEqual({ messages: [], failure: 'connection refused' });
  });

  it('gives up on a message that does not come', async () => {
    await using server = await webSocketServer(() => {});
    const result = await talkWebSocket(server, talk([ANY]), { timeoutMs: 100, signal });
    expect(result.failure).toBe('not done within 0.1 s');
  });

  it('rejects with the reason when aborted', async () => {
    await using server = await webSocketServer(() => {});
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(talkWebSocket(server, talk([ANY]), { ...limits, signal: aborted })).rejects.toThrow('enough');
  });
});
