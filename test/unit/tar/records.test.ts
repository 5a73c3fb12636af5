import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePax } from '../../../src/tar/pax.ts';
import { entryBytes, recordsOf, type TestEntry, tarBytes } from '../../support/tar.ts';

const invalid = expect.objectContaining({ code: 'IMAGE_INVALID' });

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/tar/${name}.tar`, import.meta.url));
}

function allBytes(records: Awaited<ReturnType<typeof recordsOf>>): Buffer {
  return Buffer.concat(records.flatMap(({ blocks, bodyBytes }) => [...blocks, bodyBytes]));
}

const entry: fc.Arbitrary<TestEntry> = fc.record({
  name: fc.stringMatching(/^[a-z/.\xff]{1,90}$/),
  body: fc.stringMatching(/^[a-z\xff]{0,2000}$/),
  pax: fc.dictionary(fc.stringMatching(/^[a-z]{3}$/), fc.stringMatching(/^[a-z\xff\n=]{0,90}$/), { maxKeys: 3 }),
});

describe('readRecords', () => {
  test.each(['posix', 'gnu', 'v7'])('reproduces every byte of %s.tar up to its end mark', async (name) => {
    const bytes = fixture(name);
    const copied = allBytes(await recordsOf(bytes, 700));
    expect(copied.equals(bytes.subarray(0, copied.length))).toBe(true);
    expect(bytes.subarray(copied.length).every((byte) => byte === 0)).toBe(true);
  });

  test('reproduces every byte of any archive, however it is cut', async () => {
    const archive = fc.array(entry, { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(archive, fc.integer({ min: 1, max: 3000 }), async (entries, chunkBytes) => {
        const bytes = tarBytes(entries);
        const records = await recordsOf(bytes, chunkBytes);
        expect(allBytes(records).equals(bytes.subarray(0, -1024))).toBe(true);
        expect(records.map(({ name }) => name)).toEqual(entries.map(({ name }) => name));
      }),
      { numRuns: 50 },
    );
  });

  test.each(['posix', 'gnu'])('applies long names, link targets and records of %s.tar', async (name) => {
    const records = await recordsOf(fixture(name));
    const named = (part: string) => records.find((record) => record.name.includes(part));
    expect(named(`${'long'.repeat(40)}/file`)?.sizeBytes).toBe(2);
    expect(named('data/long-target')?.linkName).toBe(`/${'target'.repeat(30)}`);
    expect(named('latin1-')?.name).toBe('./latin1-\xe9\xff');
    expect(named('data/second')).toMatchObject({ sizeBytes: 0, linkName: './data/inner/first' });
    expect(named('data/sparse')?.sizeBytes).toBeLessThan(10_000);
  });

  test('gives attribute values as bytes', async () => {
    const records = await recordsOf(fixture('posix'));
    const capable = records.find(({ name }) => name.endsWith('capable'));
    expect(capable?.pax.get('SCHILY.xattr.security.capability')?.toString('hex')).toMatch(/^0100000280200000/);
  });

  test('skips the body of a record that nobody reads', async () => {
    const records = await recordsOf(tarBytes([{ name: 'a', body: 'x'.repeat(1000) }, { name: 'b' }]), 100);
    expect(records.map(({ name, bodyOffset }) => [name, bodyOffset])).toEqual([
      ['a', 512],
      ['b', 2048],
    ]);
  });

  test('expands global records into each entry and forgets a mere comment', async () => {
    const global = (pax: Record<string, string>) => {
      const bytes = entryBytes({ name: 'x', pax }).subarray(0, 1024);
      return Buffer.concat([bytes.subarray(0, 156), Buffer.from('g'), bytes.subarray(157)]);
    };
    const withChecksum = (block: Buffer) => {
      block.fill(' ', 148, 156);
      const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      return block;
    };
    const plain = entryBytes({ name: 'plain', body: 'x' });
    const own = entryBytes({ name: 'own', pax: { mtime: '2', 'SCHILY.xattr.user.a': '' } });
    const bytes = Buffer.concat([
      withChecksum(global({ comment: 'from git' })),
      plain,
      withChecksum(global({ mtime: '1', uname: 'root' })),
      plain,
      own,
      Buffer.alloc(1024),
    ]);
    const [first, second, third] = await recordsOf(bytes);
    expect(Buffer.concat([...(first?.blocks ?? []), first?.bodyBytes ?? Buffer.alloc(0)]).equals(plain)).toBe(true);
    expect(second?.pax.get('mtime')?.toString()).toBe('1');
    expect(third?.pax.get('mtime')?.toString()).toBe('2');
    const size = Number.parseInt(third?.blocks[0]?.toString('latin1', 124, 135) ?? '', 8);
    expect(parsePax(third?.blocks[0]?.subarray(512, 512 + size) ?? Buffer.alloc(0))).toEqual(third?.pax);
  });

  test('takes no bytes at all for an empty archive', async () => {
    expect(await recordsOf(Buffer.alloc(0))).toEqual([]);
  });

  const whole = tarBytes([{ name: 'a', body: 'x'.repeat(1000) }]);
  const pax = entryBytes({ name: 'a', pax: { path: 'b' } }).subarray(0, 1024);
  test.each([
    ['cut in a header', whole.subarray(0, 300)],
    ['cut in a body', whole.subarray(0, 1000)],
    ['without an end mark', whole.subarray(0, -1024)],
    ['of garbage', Buffer.alloc(2048, 'garbage')],
    ['with data after a lone block of zeros', Buffer.concat([Buffer.alloc(512), whole])],
    ['ending after an extended header', Buffer.concat([pax, Buffer.alloc(1024)])],
    ['with two extended headers for one entry', Buffer.concat([pax, whole.subarray(0, 0), pax, whole])],
    ['with a malformed size record', tarBytes([{ name: 'a', pax: { size: '-1' } }])],
    ['with an empty path record', tarBytes([{ name: 'a', pax: { path: '' } }])],
    ['with a NUL in a path record', tarBytes([{ name: 'a', pax: { path: 'a\0b' } }])],
    ['with a size on a directory', tarBytes([{ name: 'a/', typeflag: '5', sizeBytes: 512 }])],
    ['with a size record on a hard link', tarBytes([{ name: 'a', typeflag: '1', pax: { size: '512' } }])],
    ['with a huge extended header', tarBytes([{ name: 'a', typeflag: 'x', sizeBytes: 2 ** 30 }])],
    ['with a huge long name', tarBytes([{ name: 'a', typeflag: 'L', sizeBytes: 2 ** 21 }])],
  ])('refuses an archive %s', async (_, bytes) => {
    await expect(recordsOf(bytes)).rejects.toThrow(invalid);
  });
});
