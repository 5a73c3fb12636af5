import { describe, expect, it } from 'vitest';
import { fastcgiKind } from '../../../../src/probe/kinds/fastcgi.ts';
import { comparedFacts, makeKind, outcomeOf } from '../../../support/probe-kinds.ts';
import { tcpServer } from '../../../support/servers.ts';

function record(type: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([1, type, 0, 1, bytes.length >> 8, bytes.length & 255, 0, 0]), bytes]);
}

/** Answers with a fixed response as soon as it is asked; what it was sent is kept in `seen`. */
function responder(stdout: string, seen: string[] = []) {
  return tcpServer((socket) =>
    socket.on('data', (data) => {
      seen.push(data.toString('latin1'));
      socket.end(Buffer.concat([record(6, stdout), record(3, Buffer.alloc(8))]));
    }),
  );
}

describe('a fastcgi probe', () => {
  it('has status, headers and body of the response', async () => {
    await using server = await responder('Status: 404 Not Found\r\nContent-Type: text/html\r\n\r\nno such page');
    const outcome = await outcomeOf(fastcgiKind, { root: '/srv' }, server);
    expect(outcome).toMatchObject({ ok: true, summary: '404 12 B' });
    expect(comparedFacts(outcome)).toEqual({
      status: '404',
      'header content-type': 'text/html',
      body: 'no such page',
      stderr: '',
    });
  });

  it('finds the script in the path', async () => {
    const seen: string[] = [];
    await using server = await responder('\r\n\r\n', seen);
    const written = {
      root: '/srv/',
      path: '/blog/index.php/post/1?draft=1',
      headers: { 'X-A': 'b' },
      env: { APP: 'test' },
    };
    await outcomeOf(fastcgiKind, written, server);
    const [sent = ''] = seen;
    for (const part of [
      'SCRIPT_FILENAME/srv/blog/index.php',
      'SCRIPT_NAME/blog/index.php',
      'PATH_INFO/post/1',
      'QUERY_STRINGdraft=1',
      'REQUEST_URI/blog/index.php/post/1?draft=1',
      'HTTP_X_Ab',
      'APPtest',
    ]) {
      expect(sent).toContain(part);
    }
  });

  it('is not ok when the application fails', async () => {
    await using server = await responder('Status: 500 Internal Server Error\r\n\r\n');
    expect(await outcomeOf(fastcgiKind, { root: '/srv' }, server)).toMatchObject({ ok: false, summary: '500 0 B' });
  });

  it('reports an answer that is no CGI response', async () => {
    await using server = await responder('hello');
    const { ok, summary } = await outcomeOf(fastcgiKind, { root: '/srv' }, server);
    expect({ ok, summary }).toEqual({ ok: false, summary: 'the answer has no CGI headers' });
  });

  it('goes to port 9000 unless another one is named', async () => {
    const { title, listeners } = await makeKind(fastcgiKind, { root: '/srv', method: 'post' });
    expect({ title, listeners }).toEqual({ title: 'POST :9000/index.php', listeners: [9000] });
  });
});
