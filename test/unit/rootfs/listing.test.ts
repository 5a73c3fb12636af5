import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIND_FORMAT, parseListing } from '../../../src/rootfs/listing.ts';
import { toImagePath } from '../../../src/rootfs/path.ts';

async function* chunksOf(bytes: Buffer, size = bytes.length || 1): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function record(
  path: string,
  over: { type?: string; inode?: string; links?: number; size?: number; target?: string } = {},
) {
  const { type = 'f', inode = '7', links = 1, size = 3, target = '' } = over;
  return Buffer.from([type, '644', 0, 0, size, inode, links, path, target, ''].join('\0'), 'latin1');
}

const root = record('', { type: 'd', size: 4096 });

describe('parseListing', () => {
  it('reads what GNU find prints, links, modes and odd names included', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'listing-'));
    try {
      mkdirSync(join(folder, 'd'), { mode: 0o755 });
      writeFileSync(join(folder, 'd/a'), '12345', { mode: 0o640 });
      linkSync(join(folder, 'd/a'), join(folder, 'd/b'));
      symlinkSync('../x y', join(folder, 'd/l'));
      writeFileSync(Buffer.from(`${folder}/new\nline-é`, 'latin1'), '');
      const index = await parseListing(chunksOf(execFileSync('find', [folder, '-printf', FIND_FORMAT])));
      expect([...index.entries()].map((entry) => entry.path)).toEqual([
        '/',
        '/d',
        '/d/a',
        '/d/b',
        '/d/l',
        '/new\nline-é',
      ]);
      expect(index.get(toImagePath('/d/a'))).toMatchObject({ type: 'file', mode: 0o640, sizeBytes: 5, linkCount: 2 });
      expect(index.get(toImagePath('/d/b'))?.inode).toBe(index.get(toImagePath('/d/a'))?.inode);
      expect(index.get(toImagePath('/d/l'))).toMatchObject({ type: 'symlink', linkTarget: '../x y' });
      expect(index.childrenOf(toImagePath('/d'))).toEqual(['a', 'b', 'l']);
      expect(index.sizeBytes).toBe(5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives the same index wherever the stream is cut', async () => {
    const bytes = Buffer.concat([root, record('a'), record('dir', { type: 'd' }), record('dir/x\ny', { size: 9 })]);
    const whole = [...(await parseListing(chunksOf(bytes))).entries()];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (size) => {
        expect([...(await parseListing(chunksOf(bytes, size))).entries()]).toEqual(whole);
      }),
    );
  });

  it('tells inodes apart that a double cannot hold', async () => {
    const large = (digit: number) => `922337203685477580${digit}`;
    const bytes = [root, record('a', { inode: large(1), links: 2 }), record('b', { inode: large(2), links: 2 })];
    const index = await parseListing(chunksOf(Buffer.concat([...bytes, record('c', { inode: large(1), links: 2 })])));
    const inode = (name: string) => index.get(toImagePath(`/${name}`))?.inode;
    expect(inode('a')).toBe(inode('c'));
    expect(inode('a')).not.toBe(inode('b'));
    expect(index.sizeBytes).toBe(6);
  });

  it.each([
    ['a cut entry', Buffer.concat([root, record('a').subarray(0, 9)])],
    ['an unknown type', record('a', { type: '?' })],
    ['a number that is none', record('a', { inode: '1x' })],
    ['an entry without end', Buffer.alloc(70_000, 'a')],
  ])('refuses %s', async (_, bytes) => {
    await expect(parseListing(chunksOf(bytes))).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  });
});
