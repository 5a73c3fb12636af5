import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFrames } from '../../../../../src/engine/docker/api/frames.ts';
import { byteByByte, chunked } from '../../../../support/fake-daemon.ts';

function frame(stream: number, text: string | Buffer): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function split(stream: AsyncIterable<Buffer>) {
  const channels = { stdout: '', stderr: '' };
  for await (const { channel, data } of readFrames(stream)) channels[channel] += data.toString('latin1');
  return channels;
}

test('the two channels are told apart, empty frames and none at all included', async () => {
  const bytes = Buffer.concat([frame(1, 'one'), frame(2, 'two'), frame(1, ''), frame(0, 'echo')]);
  expect(await split(chunked(bytes))).toEqual({ stdout: 'oneecho', stderr: 'two' });
  expect(await split(chunked())).toEqual({ stdout: '', stderr: '' });
});

test('headers and data may come in single bytes', async () => {
  const bytes = Buffer.concat([frame(1, 'hello '), frame(2, 'oops'), frame(1, 'world')]);
  expect(await split(byteByByte(bytes))).toEqual({ stdout: 'hello world', stderr: 'oops' });
});

test('10,000 tiny frames in one chunk all come out', async () => {
  const bytes = Buffer.concat(Array.from({ length: 10_000 }, (_, at) => frame(1 + (at % 2), 'x')));
  const { stdout, stderr } = await split(chunked(bytes));
  expect([stdout.length, stderr.length]).toEqual([5000, 5000]);
});

test('however the stream is cut into chunks, the same bytes come out', async () => {
  const parts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 60 }), async (frames, size) => {
      const bytes = Buffer.concat(frames.map(([stream, data]) => frame(stream, Buffer.from(data))));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const of = (wanted: number) =>
        Buffer.concat(frames.filter(([stream]) => stream === wanted).map(([, data]) => data)).toString('latin1');
      expect(await split(chunked(...chunks))).toEqual({ stdout: of(1), stderr: of(2) });
    }),
  );
});

test('a frame is handed on as it arrives, not when it is whole', async () => {
  const frames = readFrames(chunked(frame(1, 'abcdef').subarray(0, 10), 'cdef'));
  expect((await frames.next()).value).toEqual({ channel: 'stdout', data: Buffer.from('ab') });
  expect((await frames.next()).value).toEqual({ channel: 'stdout', data: Buffer.from('cdef') });
});

test.each([
  ['in a header', frame(1, 'abc').subarray(0, 5)],
  ['in a frame', frame(1, 'abc').subarray(0, 9)],
  ['after a header', frame(1, 'abc').subarray(0, 8)],
])('a stream that ends %s is a failure', async (_where, bytes) => {
  await expect(split(chunked(bytes))).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: 'the daemon cut an output stream short',
  });
});

test('what is no such stream is a failure', async () => {
  await expect(split(chunked('root@x:/# ls\r\n'))).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
});

test("the daemon's own failure inside a stream is one", async () => {
  await expect(split(chunked(frame(1, 'a'), frame(3, 'disk gone')))).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: 'the daemon ended an output stream: disk gone',
  });
});
