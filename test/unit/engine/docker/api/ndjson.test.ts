import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readNdjson } from '../../../../../src/engine/docker/api/ndjson.ts';
import { byteByByte, chunked } from '../../../../support/fake-daemon.ts';

async function all(stream: AsyncIterable<Buffer>) {
  const messages: unknown[] = [];
  for await (const message of readNdjson(stream, 'pulling x')) messages.push(message);
  return messages;
}

test('each line is a message, the last one also without its newline', async () => {
  expect(await all(chunked('{"a":1}\r\n\n{"b":', '2}\n{"c":3}'))).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  expect(await all(chunked())).toEqual([]);
});

test('characters may be cut anywhere', async () => {
  const text = '{"status":"Größe 🐳"}\n{"id":"é"}\n';
  expect(await all(byteByByte(Buffer.from(text)))).toEqual([{ status: 'Größe 🐳' }, { id: 'é' }]);
});

test.each([
  ['{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}', 'IMAGE_NOT_FOUND', 'manifest unknown'],
  ['{"error":"write /x: no space left on device"}\n', 'DISK_FULL', 'write /x: no space left on device'],
  ['{"errorDetail":{"code":1,"message":"bad thing"}}', 'ENGINE_FAILED', 'bad thing'],
  ['{"error":"bad thing"}\n{"status":"more"}\n', 'ENGINE_FAILED', 'bad thing'],
])('%s is a failure', async (line, code, words) => {
  await expect(all(chunked('{"status":"fine"}\n', line))).rejects.toMatchObject({
    code,
    message: `pulling x failed: ${words}`,
  });
});

test.each([['<html>'], ['[1]'], ['"text"'], ['null'], ['{"status":"cut o']])('%s is no message', async (line) => {
  await expect(all(chunked('{"ok":1}\n', line))).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: 'pulling x failed: the daemon sent a line that is no message',
  });
});

test('a line without end is given up before it fills the memory', async () => {
  let sent = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        sent += 65_536;
        yield Buffer.alloc(65_536, 'x');
      }
    })(),
  );
  await expect(all(endless)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  expect(sent).toBeLessThan(4e6);
});

test('a connection that breaks is a failure with our code', async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('{"a":1}\n');
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    })(),
  );
  await expect(all(broken)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'pulling x failed: the connection to the daemon broke off',
  });
});
