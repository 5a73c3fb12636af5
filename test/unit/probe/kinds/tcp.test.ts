import { describe, expect, it } from 'vitest';
import { tcpKind } from '../../../../src/probe/kinds/tcp.ts';
import { comparedFacts, makeKind, outcomeOf } from '../../../support/probe-kinds.ts';
import { tcpServer } from '../../../support/servers.ts';

const greeting = () =>
  tcpServer((socket) => {
    socket.write('220 ready\r\n');
    socket.on('data', (data) => socket.write(`250 ${data}`));
  });

describe('a tcp probe', () => {
  it('sends text and bytes and has what came back as its reply', async () => {
    await using server = await greeting();
    const steps = [
      { expect: '220' },
      { send: 'EHLO x\r\n', expect: { contains: '250' } },
      { send: { hex: '51 0a' }, expect: 'Q' },
    ];
    const outcome = await outcomeOf(tcpKind, { port: 25, steps }, server);
    expect(outcome).toMatchObject({ ok: true, summary: '29 B' });
    expect(comparedFacts(outcome)).toEqual({ reply: '220 ready\r\n250 EHLO x\r\n250 Q\n' });
  });

  it('says what an answer lacks', async () => {
    await using server = await tcpServer((socket) => socket.end('hello'));
    const outcome = await outcomeOf(tcpKind, { steps: [{ expect: 'bye' }] }, server);
    expect(outcome.ok).toBe(false);
    expect(comparedFacts(outcome).failure).toBe('the answer expected to contain "bye", is "hello"');
  });

  it('compares bytes that are no text by digest', async () => {
    await using server = await tcpServer((socket) => socket.end(Buffer.from([0, 1, 2])));
    const outcome = await outcomeOf(tcpKind, { steps: [{ until: 'close' }] }, server);
    expect(comparedFacts(outcome).reply).toMatch(/^sha256:[0-9a-f]{64} 3 B$/);
  });

  it('only connects when it is a port alone', async () => {
    await using server = await tcpServer(() => {});
    const probe = await makeKind(tcpKind, 5432);
    expect({ title: probe.title, listeners: probe.listeners }).toEqual({ title: ':5432', listeners: [5432] });
    expect(await probe.runIn(server)).toMatchObject([{ ok: true }]);
  });
});
