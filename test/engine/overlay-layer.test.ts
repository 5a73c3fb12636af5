import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { overlayLayer } from '../../src/tar/overlay-layer.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { streamOf, type TestEntry, tarBytes } from '../support/tar.ts';

let folder: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  folder = temporaryDirectory();
});

afterEach(() => {
  execFileSync('sh', ['-c', `umount ${folder.path}/merged 2>/dev/null || true`]);
  folder[Symbol.dispose]();
});

const OPTIONS = '-x -p --numeric-owner --same-owner --xattrs --xattrs-include=* --delay-directory-restore -f - -C';

/** Unpacks a layer as the local engine does; gives what tar complained about. */
async function unpack(name: string, tar: Buffer): Promise<string> {
  const directory = join(folder.path, name);
  mkdirSync(directory);
  const { stream, result } = overlayLayer(streamOf(tar));
  const { stderr } = await execa('tar', [...OPTIONS.split(' '), directory], { input: stream, env: { LC_ALL: 'C' } });
  await result;
  return stderr;
}

/** Mounts unpacked layers, the topmost first. */
function mount(...layers: string[]): string {
  const merged = join(folder.path, 'merged');
  mkdirSync(merged, { recursive: true });
  const lower = [...layers, 'empty'].map((layer) => join(folder.path, layer)).join(':');
  mkdirSync(join(folder.path, 'empty'), { recursive: true });
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `ro,lowerdir=${lower}`, merged]);
  return merged;
}

const directory = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({
  name,
  typeflag: '5',
  mode: 0o755,
  ...more,
});

const root = directory('./', { mtimeSeconds: 1000 });

describe('a layer over another', () => {
  const base = tarBytes([
    root,
    directory('etc/'),
    { name: 'etc/old', body: 'old' },
    { name: 'etc/kept', body: 'kept' },
    directory('opaque/', { mode: 0o700 }),
    { name: 'opaque/hidden' },
    directory('replaced/'),
    { name: 'replaced/hidden' },
    directory('late/'),
    { name: 'late/hidden' },
    directory('implied/'),
    { name: 'implied/hidden' },
    directory('gone/'),
    { name: 'gone/inner' },
  ]);

  test('hides what its whiteouts name and nothing else', async () => {
    const top = tarBytes([
      root,
      directory('etc/'),
      { name: 'etc/.wh.old' },
      { name: '.wh.gone' },
      { name: '.wh.replaced' },
      directory('replaced/', { mode: 0o711, mtimeSeconds: 2000, pax: { mtime: '2000.123456789' } }),
      { name: 'replaced/new' },
      directory('opaque/', { mode: 0o1777, uid: 3_000_000, mtimeSeconds: 3000, pax: { mtime: '3000.987654321' } }),
      { name: 'opaque/.wh..wh..opq' },
      { name: 'opaque/new' },
      { name: 'late/.wh..wh..opq' },
      { name: 'late/new' },
      directory('late/', { mtimeSeconds: 4000 }),
      { name: 'implied/.wh..wh..opq' },
      { name: 'implied/new' },
    ]);
    expect(await unpack('base', base)).toBe('');
    expect(await unpack('top', top)).toBe('');
    const merged = mount('top', 'base');
    expect(readdirSync(merged).sort()).toEqual(['etc', 'implied', 'late', 'opaque', 'replaced']);
    expect(readdirSync(join(merged, 'etc'))).toEqual(['kept']);
    for (const name of ['implied', 'late', 'opaque', 'replaced']) {
      expect([name, ...readdirSync(join(merged, name))]).toEqual([name, 'new']);
    }
    const stat = (name: string) => statSync(join(merged, name), { bigint: true });
    expect(stat('opaque')).toMatchObject({ uid: 3_000_000n, mode: 0o41777n, mtimeNs: 3000_987654321n });
    expect(stat('replaced')).toMatchObject({ mode: 0o40711n, mtimeNs: 2000_123456789n });
    expect(stat('late').mtimeNs).toBe(4000_000000000n);
    expect(stat('implied')).toMatchObject({ mode: 0o40755n, mtimeNs: 0n });
    expect(stat('.').mtimeNs).toBe(1000_000000000n);
  });

  test('gives implied directories fixed metadata whatever order they come in', async () => {
    const top = tarBytes([{ name: 'a/b/c', mtimeSeconds: 5 }, directory('a/', { mtimeSeconds: 6, uid: 9 })]);
    await unpack('top', top);
    const stat = (name: string) => statSync(join(folder.path, 'top', name));
    expect(stat('a')).toMatchObject({ uid: 9, mtimeMs: 6000 });
    expect(stat('a/b')).toMatchObject({ uid: 0, mtimeMs: 0 });
    expect(stat('.')).toMatchObject({ mode: 0o40755, mtimeMs: 0 });
  });

  test('replaces files, links and directories that come twice, as the last one says', async () => {
    const top = tarBytes([
      root,
      directory('real/'),
      { name: 'link', typeflag: '2', linkName: 'real' },
      { name: 'link/through', body: 'x' },
      directory('link/'),
      { name: 'link/inside', body: 'y' },
      { name: 'file', body: 'first' },
      { name: 'file', body: 'second' },
      { name: 'absolute', typeflag: '2', linkName: '/etc' },
      { name: 'upward', typeflag: '2', linkName: '../x' },
      { name: 'hard', typeflag: '1', linkName: 'absolute' },
    ]);
    expect(await unpack('top', top)).toBe('');
    const layer = join(folder.path, 'top');
    expect(readdirSync(join(layer, 'real'))).toEqual(['through']);
    expect(lstatSync(join(layer, 'link')).isDirectory()).toBe(true);
    expect(readdirSync(join(layer, 'link'))).toEqual(['inside']);
    expect(readFileSync(join(layer, 'file'), 'utf8')).toBe('second');
    expect(['absolute', 'upward', 'hard'].map((name) => readlinkSync(join(layer, name)))).toEqual([
      '/etc',
      '../x',
      '/etc',
    ]);
  });
});

describe('metadata', () => {
  const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tar/${name}.tar`, import.meta.url));

  test.each(['posix', 'gnu'])('of %s.tar is on the disk as it was in the archive', async (format) => {
    expect(await unpack('layer', fixture(format))).toBe('');
    const merged = mount('layer');
    const stat = (name: string) => lstatSync(join(merged, name), { bigint: true });
    expect(stat('data/second')).toMatchObject({ uid: 3_000_000n, gid: 2_999_999n, nlink: 2n });
    expect(stat('data/second').ino).toBe(stat('data/inner/first').ino);
    expect(stat('data')).toMatchObject({ mode: 0o41777n });
    expect(stat('bin/capable')).toMatchObject({ mode: 0o104755n });
    expect(stat('data/null')).toMatchObject({ rdev: BigInt((1 << 8) | 3), mode: 0o20644n });
    expect(stat('data/fifo').isFIFO()).toBe(true);
    expect(stat('data/sparse')).toMatchObject({ size: 300_004n });
    expect(readFileSync(join(merged, 'data/sparse'), 'latin1')).toBe(`${'\0'.repeat(300_000)}end\n`);
    expect(readFileSync(join(merged, 'long'.repeat(40), 'file'), 'utf8')).toBe('x\n');
    expect(readdirSync(merged, 'latin1')).toContain('latin1-\xe9\xff');
    const nanoseconds = format === 'posix' ? 123456789n : 0n;
    for (const name of ['.', 'data', 'data/inner/first', 'data/long-target', 'bin']) {
      expect([name, stat(name).mtimeNs]).toEqual([name, 1580702706_000000000n + nanoseconds]);
    }
  });

  test('of extended attributes is kept, but for those that overlayfs obeys', async () => {
    await unpack('layer', fixture('posix'));
    const script = `import os, sys
for name in ['bin/capable', 'etc']:
    for key in sorted(os.listxattr(name)): print(name, key, os.getxattr(name, key).hex())`;
    const { stdout } = await execa('python3', ['-c', script], { cwd: join(folder.path, 'layer') });
    expect(stdout.split('\n')).toEqual([
      'bin/capable security.capability 0100000280200000000000000000000000000000',
      'etc user.binary 00ff3d0a',
    ]);
  });

  test('survives the rewriting of names, records and links', async () => {
    const long = 'n'.repeat(150);
    const trusted = { 'SCHILY.xattr.trusted.overlay.redirect': '/x' };
    const layer = tarBytes([
      root,
      directory('usr/'),
      directory('usr/lib/'),
      { name: 'lib', typeflag: '2', linkName: 'usr/lib' },
      { name: 'lib/a', body: 'abc', uid: 3_000_000, mode: 0o4711, pax: { ...trusted, mtime: '7.000000001' } },
      { name: 'x', body: 'd', pax: { path: `lib/${long}` } },
      { name: 'hard', typeflag: '1', linkName: 'lib/a' },
    ]);
    expect(await unpack('layer', layer)).toBe('');
    const at = (name: string) => join(folder.path, 'layer', name);
    expect(statSync(at('usr/lib/a'), { bigint: true })).toMatchObject({
      uid: 3_000_000n,
      mode: 0o104711n,
      nlink: 2n,
      mtimeNs: 7_000000001n,
    });
    expect(readFileSync(at(`usr/lib/${long}`), 'utf8')).toBe('d');
  });
});

test('an unsafe layer leaves nothing outside of its directory', async () => {
  const layer = tarBytes([root, { name: 'out', typeflag: '2', linkName: '..' }, { name: 'out/escaped', body: 'x' }]);
  await expect(unpack('layer', layer)).rejects.toThrow();
  expect(readdirSync(folder.path)).toEqual(['layer']);
});
