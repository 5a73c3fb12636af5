import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseCgiResponse, requestFastCgi } from '../../../../src/probe/wire/fastcgi.ts';
import { type TestServer, tcpServer } from '../../../support/servers.ts';

const signal = new AbortController().signal;
const limits = { timeoutMs: 5000, signal };

interface Received {
  readonly params: Record<string, string>;
  readonly stdin: Buffer;
}

function record(type: number, content: Buffer | string, padding = 0): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.from([1, type, 0, 1, bytes.length >> 8, bytes.length & 255, padding, 0]);
  return Buffer.concat([header, bytes, Buffer.alloc(padding)]);
}

const END = record(3, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0]));

/** Reads whole requests as the specification says, and answers with the given records. */
function responder(answer: (request: Received) => readonly Buffer[]): Promise<TestServer> {
  return tcpServer((socket) => {
    let received = Buffer.alloc(0);
    const streams: Record<number, Buffer[]> = { 4: [], 5: [] };
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 8 && received.length >= 8 + received.readUInt16BE(4)) {
        const type = received[1] ?? 0;
        const content = received.subarray(8, 8 + received.readUInt16BE(4));
        received = received.subarray(8 + content.length);
        streams[type]?.push(content);
        if (type === 5 && content.length === 0) reply(socket, streams, answer);
      }
    });
  });
}

function reply(socket: Socket, streams: Record<number, Buffer[]>, answer: (request: Received) => readonly Buffer[]) {
  const params = decodeParams(Buffer.concat(streams[4] ?? []));
  socket.end(Buffer.concat(answer({ params, stdin: Buffer.concat(streams[5] ?? []) })));
}

function decodeParams(bytes: Buffer): Record<string, string> {
  let at = 0;
  const length = () => {
    const short = bytes[at] ?? 0;
    at += short < 128 ? 1 : 4;
    return short < 128 ? short : bytes.readUInt32BE(at - 4) & 0x7fffffff;
  };
  const text = (size: number) => {
    at += size;
    return bytes.toString('utf8', at - size, at);
  };
  const params: Record<string, string> = {};
  while (at < bytes.length) {
    const [name, value] = [length(), length()];
    params[text(name)] = text(value);
  }
  return params;
}

describe('a FastCGI request', () => {
  it('carries parameters and standard input of any length', async () => {
    let seen: Received | undefined;
    await using server = await responder((request) => {
      seen = request;
      return [END];
    });
    const params = { SCRIPT_FILENAME: '/srv/ü.php', LONG: 'x'.repeat(70_000) };
    const stdin = Buffer.alloc(150_000, 'y');
    const result = await requestFastCgi({ ...server, tls: false }, { params, stdin }, limits);
    expect(result).toEqual({ stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), appStatus: 0 });
    expect(seen?.params).toEqual(params);
    expect(seen?.stdin.equals(stdin)).toBe(true);
  });

  it('collects both outputs, padded or not, and the exit status', async () => {
    await using server = await responder(() => [
      record(6, 'Content-Type: text/html\r\n\r\nhel', 5),
      record(7, 'PHP warning'),
      record(6, 'lo'),
      record(3, Buffer.from([0, 0, 0, 3, 0, 0, 0, 0])),
    ]);
    const { stdout, stderr, ...rest } = await requestFastCgi({ ...server, tls: false }, { params: {} }, limits);
    expect([String(stdout), String(stderr)]).toEqual(['Content-Type: text/html\r\n\r\nhello', 'PHP warning']);
    expect(rest).toEqual({ appStatus: 3 });
  });

  it.each([
    ['refuses the request', [record(3, Buffer.from([0, 0, 0, 0, 2, 0, 0, 0]))], 'the request was refused: overloaded'],
    ['speaks something else', [Buffer.from('HTTP/1.1 400 Bad Request\r\n')], 'the answer is not FastCGI'],
    ['closes early', [record(6, 'x')], 'connection closed'],
  ])('reports a responder that %s', async (_what, answer, failure) => {
    await using server = await responder(() => answer);
    expect(await requestFastCgi({ ...server, tls: false }, { params: {} }, limits)).toMatchObject({ failure });
  });
});

describe('a CGI response', () => {
  it('is read into status, headers and body', () => {
    const text = 'Status: 404 Not Found\r\nX-Powered-By: PHP\r\n\r\nFile not found.\n';
    expect(parseCgiResponse(Buffer.from(text))).toEqual({
      status: 404,
      headers: [['x-powered-by', 'PHP']],
      body: Buffer.from('File not found.\n'),
    });
  });

  it('has status 200 when it names none', () => {
    expect(parseCgiResponse(Buffer.from('Content-type: text/plain\n\n'))?.status).toBe(200);
  });

  it('without headers is none', () => {
    expect(parseCgiResponse(Buffer.from('hello'))).toBeUndefined();
  });
});
