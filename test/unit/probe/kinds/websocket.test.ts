import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { websocketKind } from '../../../../src/probe/kinds/websocket.ts';
import { comparedFacts, makeKind, outcomeOf } from '../../../support/probe-kinds.ts';
import { httpServer } from '../../../support/servers.ts';
import { listening } from '../../../support/wire-servers.ts';

/** Sends every message back; closes with code 4000 at the message `bye`. */
async function echoServer() {
  const http = createServer();
  new WebSocketServer({ server: http }).on('connection', (socket) =>
    socket.on('message', (data, binary) => {
      if (String(data) === 'bye') socket.close(4000, 'see you');
      else socket.send(data, { binary });
    }),
  );
  return listening(http);
}

describe('a websocket probe', () => {
  it('sends messages and has those that are expected as its reply', async () => {
    await using server = await echoServer();
    const steps = [
      { send: 'hello' },
      { expect: { equals: 'hello' } },
      { send: { json: { a: [1] } } },
      { expect: { json: { a: [1] } } },
      { send: { hex: '00ff' } },
      { expect: {} },
      { send: 'bye' },
      { close: 4000 },
    ];
    const outcome = await outcomeOf(websocketKind, { path: '/chat', subprotocols: ['v1'], steps }, server);
    expect(outcome).toMatchObject({ ok: true, summary: '101 3 messages' });
    expect(comparedFacts(outcome)).toEqual({
      status: '101',
      subprotocol: 'v1',
      reply: expect.stringMatching(/^hello\n\{"a":\[1\]\}\nsha256:[0-9a-f]{64} 2 B$/),
      close: '4000 see you',
    });
  });

  it.each([
    ['a text', { expect: 'b' }, 'a message expected to contain "b", is "a"'],
    ['JSON', { expect: { json: 1 } }, 'a message is not JSON'],
    ['another end', { close: 1000 }, 'expected to be closed with code 1000, was closed with 4000'],
  ])('says that %s was expected', async (_what, step, failure) => {
    await using server = await echoServer();
    const outcome = await outcomeOf(websocketKind, { steps: [{ send: 'close' in step ? 'bye' : 'a' }, step] }, server);
    expect({ ok: outcome.ok, failure: comparedFacts(outcome).failure }).toEqual({ ok: false, failure });
  });

  it('only connects when it is a path alone', async () => {
    await using server = await echoServer();
    const probe = await makeKind(websocketKind, '/feed');
    expect({ title: probe.title, listeners: probe.listeners }).toEqual({ title: ':8080/feed', listeners: [8080] });
    expect(await probe.runIn(server)).toMatchObject([{ ok: true, summary: '101 0 messages' }]);
  });

  it('is not ok when the server answers without upgrading', async () => {
    await using server = await httpServer((_, response) => response.writeHead(403).end());
    const outcome = await outcomeOf(websocketKind, '/', server);
    expect(comparedFacts(outcome)).toEqual({ status: '403', reply: '', failure: 'the answer is 403, not an upgrade' });
  });

  it.each([{ steps: [{ send: 'a', expect: 'a' }] }, { steps: [{}] }, { path: 'chat' }, { unknown: 1 }])(
    'does not understand %o',
    (written) => {
      expect(websocketKind.schema.safeParse(written).success).toBe(false);
    },
  );
});
