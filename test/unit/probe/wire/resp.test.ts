import { describe, expect, it } from 'vitest';
import { formatReply, talkRedis } from '../../../../src/probe/wire/resp.ts';
import { tcpServer } from '../../../support/servers.ts';

const signal = new AbortController().signal;
const limits = { timeoutMs: 5000, signal };

/** Answers every chunk it is sent with the next of the given ones. */
function answering(...answers: string[]) {
  return tcpServer((socket) => socket.on('data', () => socket.write(answers.shift() ?? '', 'latin1')));
}

async function ask(answers: string[], commands: string[][] = answers.map(() => ['PING'])) {
  await using server = await answering(...answers);
  return await talkRedis({ ...server, tls: false }, commands, limits);
}

describe('a conversation with Redis', () => {
  it('sends commands as arrays of bulk strings, counted in bytes', async () => {
    let sent = '';
    await using server = await tcpServer((socket) =>
      socket.on('data', (data) => {
        sent += data.toString('utf8');
        socket.write('+OK\r\n');
      }),
    );
    await talkRedis({ ...server, tls: false }, [['SET', 'k', 'ü']], limits);
    expect(sent).toBe('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nü\r\n');
  });

  it.each([
    ['a status', '+PONG\r\n', 'PONG'],
    ['an error', '-ERR unknown command\r\n', '(error) ERR unknown command'],
    ['a number', ':42\r\n', '(integer) 42'],
    ['a string with a line break', '$4\r\na\r\nb\r\n', 'a\r\nb'],
    ['no string', '$-1\r\n', '(nil)'],
    ['an empty array', '*0\r\n', '(empty array)'],
    ['nested arrays', '*2\r\n:1\r\n*2\r\n+a\r\n$-1\r\n', '1) (integer) 1\n2) 1) a\n   2) (nil)'],
    ['a map of RESP3', '%1\r\n+k\r\n#t\r\n', '1) k\n2) true'],
  ])('reads %s', async (_what, answer, shown) => {
    const { replies, failure } = await ask([answer]);
    expect(failure).toBeUndefined();
    expect(replies.map((reply) => formatReply(reply))).toEqual([shown]);
  });

  it('reads a reply that comes in pieces', async () => {
    await using server = await tcpServer((socket) => {
      socket.write('$5\r\nhe');
      socket.on('data', () => socket.write('llo\r\n'));
    });
    const { replies } = await talkRedis({ ...server, tls: false }, [['GET', 'k']], limits);
    expect(replies).toEqual([{ type: 'string', value: 'hello' }]);
  });

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
    ['a length that is none', '$x\r\n'],
    ['arrays without end', '*1\r\n'.repeat(100)],
  ])('takes %s for what it is', async (_what, answer) => {
    expect(await ask([answer])).toEqual({ replies: [], failure: 'the answer is not RESP' });
  });

  it('keeps the replies that came before the server closed', async () => {
    await using server = await tcpServer((socket) => socket.once('data', () => socket.end('+OK\r\n')));
    const result = await talkRedis(
      { ...server, tls: false },
      [
        ['SET', 'a', '1'],
        ['GET', 'a'],
      ],
      limits,
    );
    expect(result).toEqual({ replies: [{ type: 'string', value: 'OK' }], failure: 'connection closed' });
  });
});
