import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress, detectCompression } from '../../../src/image/decompress.ts';
import { verified } from '../../../src/image/digest.ts';
import { collect, streamOf } from '../../support/tar.ts';

const invalid = expect.objectContaining({ code: 'IMAGE_INVALID' });
const TEXT = Array.from({ length: 4000 }, (_, at) => `line ${at * 7919}\n`).join('');

function zstd(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/zstd/${name}.zst`, import.meta.url));
}

async function plain(bytes: Buffer, chunkBytes?: number): Promise<string> {
  return (await collect(decompress(streamOf(bytes, chunkBytes)))).toString();
}

describe('decompress', () => {
  test.each([1, 7, 1000, 100_000])('passes plain bytes through in chunks of %i', async (chunkBytes) => {
    expect(await plain(Buffer.from(TEXT), chunkBytes)).toBe(TEXT);
    expect(await plain(Buffer.from('ab'), chunkBytes)).toBe('ab');
    expect(await plain(Buffer.alloc(0), chunkBytes)).toBe('');
  });

  test('reads gzip of one and of several members', async () => {
    expect(await plain(gzipSync(TEXT), 100)).toBe(TEXT);
    expect(await plain(Buffer.concat([gzipSync('one '), gzipSync('two')]), 3)).toBe('one two');
  });

  test.each([
    ['truncated', gzipSync(TEXT).subarray(0, -20)],
    ['followed by something else:', Buffer.concat([gzipSync(TEXT), Buffer.alloc(300_000, 1)])],
    ['broken', Buffer.concat([gzipSync(TEXT).subarray(0, 100), Buffer.alloc(2000, 7)])],
  ])('refuses %s gzip', async (_, bytes) => {
    await expect(plain(bytes)).rejects.toThrow(invalid);
  });

  test.each([
    ['one-frame', TEXT],
    ['two-frames', TEXT + TEXT],
    ['skippable-frames', TEXT + TEXT],
    ['incompressible', undefined],
    ['tiny', 'x'],
    ['empty', ''],
    ['run', 'a'.repeat(500_000)],
  ])('reads zstd: %s', async (name, expected) => {
    const bytes = zstd(name);
    const whole = await plain(bytes);
    expect(whole).toBe(expected ?? whole);
    expect(whole.length).toBe(expected?.length ?? (await plain(bytes, 13)).length);
    expect(await plain(bytes, 13)).toBe(whole);
  });

  test('refuses zstd that is cut anywhere, or followed by something else', async () => {
    const bytes = zstd('two-frames');
    for (let length = 1; length < bytes.length; length += 97) {
      const outcome = await plain(bytes.subarray(0, length)).catch((error) => error.code);
      const isBoundary = outcome === TEXT;
      expect(isBoundary || outcome === 'IMAGE_INVALID' || length < 4).toBe(true);
    }
    await expect(plain(Buffer.concat([zstd('tiny'), Buffer.from('rest')]))).rejects.toThrow(invalid);
    await expect(plain(bytes.subarray(0, -1))).rejects.toThrow(invalid);
  });

  test('refuses zstd that asks for a huge window', async () => {
    await expect(plain(Buffer.from('28b52ffd00ff010000', 'hex'))).rejects.toThrow(invalid);
  });

  test.each([
    ['plain', Buffer.from(TEXT)],
    ['gzip', gzipSync(TEXT)],
    ['zstd', zstd('one-frame')],
  ])('reads %s to the end of its input, so that a failing digest is seen', async (_, bytes) => {
    const input = verified(streamOf(bytes, 1000), { subject: 'blob', digest: `sha256:${'0'.repeat(64)}` });
    await expect(collect(decompress(input))).rejects.toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }));
  });

  test.each([Buffer.from(TEXT), gzipSync(TEXT), zstd('one-frame')])(
    'lets go of its input when nobody wants more',
    async (bytes) => {
      const input = Readable.from(streamOf(bytes, 100));
      for await (const chunk of decompress(input)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(input.destroyed).toBe(true);
    },
  );
});

describe('detectCompression', () => {
  test.each([
    ['gzip', '1f8b0800'],
    ['zstd', '28b52ffd'],
    ['zstd', '5e2a4d18'],
    ['none', '6574632f'],
    ['none', '1f'],
    ['none', ''],
  ])('says %s for %s', (expected, hex) => {
    expect(detectCompression(Buffer.from(hex, 'hex'))).toBe(expected);
  });
});
