import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { overlayLayer } from '../../../src/tar/overlay-layer.ts';
import { collect, recordsOf, streamOf, type TestEntry, tarBytes } from '../../support/tar.ts';

const OPAQUE = 'SCHILY.xattr.trusted.overlay.opaque';

async function convert(entries: readonly TestEntry[]) {
  const { stream, result } = overlayLayer(streamOf(tarBytes(entries)));
  const records = await recordsOf(await collect(stream));
  return { records, result: await result, names: records.map(({ name }) => name) };
}

async function failureOf(entries: readonly TestEntry[]): Promise<{ code: string; message: string }> {
  const { stream, result } = overlayLayer(streamOf(tarBytes(entries)));
  const seen = await collect(stream).then(
    () => undefined,
    (error) => error,
  );
  await expect(result).rejects.toBe(seen);
  return seen;
}

const directory = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({ name, typeflag: '5', ...more });
const symlink = (name: string, linkName: string): TestEntry => ({ name, typeflag: '2', linkName });
const root = directory('./');

describe('whiteouts', () => {
  test('become character devices 0/0', async () => {
    const { records } = await convert([root, directory('etc/'), { name: 'etc/.wh.passwd' }]);
    expect(records.at(-1)).toMatchObject({
      name: 'etc/passwd',
      header: { typeflag: '3', devMajor: 0, devMinor: 0, sizeBytes: 0 },
    });
  });

  test('with names over 100 bytes keep them', async () => {
    const name = 'n'.repeat(200);
    const { names } = await convert([root, { name: '.wh.x', pax: { path: `.wh.${name}` } }]);
    expect(names).toEqual(['./', name]);
  });

  test.each([
    ['before', [{ name: '.wh.a' }, { name: 'a', body: 'new' }]],
    ['after', [{ name: 'a', body: 'new' }, { name: '.wh.a' }]],
  ])('of a file that the layer makes itself, %s it, are no device', async (_, entries) => {
    const { names } = await convert([root, ...entries]);
    expect(names).toEqual(['./', 'a']);
  });

  test.each([
    ['before', [{ name: '.wh.a' }, directory('a/', { uid: 7 })]],
    ['after', [directory('a/', { uid: 7 }), { name: '.wh.a' }]],
  ])('of a directory that the layer makes itself, %s it, make it opaque', async (_, entries) => {
    const { records } = await convert([root, ...entries]);
    expect(records.at(-1)).toMatchObject({ name: 'a/', header: { typeflag: '5', uid: 7 } });
    expect(records.at(-1)?.pax.get(OPAQUE)?.toString()).toBe('y');
  });

  test('without a name are refused', async () => {
    expect(await failureOf([{ name: 'a/.wh.' }])).toMatchObject({ code: 'IMAGE_INVALID' });
    expect(await failureOf([{ name: 'a/.wh...' }])).toMatchObject({ code: 'IMAGE_INVALID' });
  });
});

describe('opaque whiteouts', () => {
  const metadata = { mode: 0o1777, uid: 3_000_000, mtimeSeconds: 77, pax: { mtime: '77.123456789', uid: '3000000' } };

  test.each([
    ['before', [{ name: 'd/.wh..wh..opq' }, directory('d/', metadata)]],
    ['after', [directory('d/', metadata), { name: 'd/.wh..wh..opq' }]],
  ])('%s the entry of their directory keep its metadata', async (_, entries) => {
    const { records, result } = await convert([root, ...entries]);
    const last = records.at(-1);
    expect(last).toMatchObject({ name: 'd/', header: { mode: 0o1777, uid: 3_000_000, mtimeSeconds: 77 } });
    expect(Object.fromEntries([...(last?.pax ?? [])].map(([key, value]) => [key, value.toString()]))).toEqual({
      ...metadata.pax,
      [OPAQUE]: 'y',
    });
    expect(result).toMatchObject({ implicitDirectories: [], notes: [], isRootOpaque: false });
  });

  test('without an entry of their directory make one up and say so', async () => {
    const { records, result } = await convert([root, { name: 'd/.wh..wh..opq' }]);
    expect(records.at(-1)).toMatchObject({ name: 'd/', header: { mode: 0o755, uid: 0, mtimeSeconds: 0 } });
    expect(result.notes).toEqual(['made up /d: opaque, but without an entry of its own']);
  });

  test('of the root are told to the caller', async () => {
    const { result, names } = await convert([root, { name: '.wh..wh..opq' }]);
    expect(result.isRootOpaque).toBe(true);
    expect(names).toEqual(['./']);
  });
});

describe('entries', () => {
  test.each(['posix', 'gnu', 'v7'])('of %s.tar pass byte for byte but for what overlayfs would obey', async (name) => {
    const bytes = readFileSync(new URL(`../../../fixtures/tar/${name}.tar`, import.meta.url));
    const { stream, result } = overlayLayer(streamOf(bytes, 1000));
    const before = await recordsOf(bytes);
    const after = await recordsOf(await collect(stream));
    const { entryCount, notes } = await result;
    const isChanged = notes.length > 0;
    expect(isChanged).toBe(name === 'posix');
    expect(entryCount).toBe(before.length);
    before.forEach((record, at) => {
      const same = Buffer.concat(record.blocks).equals(Buffer.concat(after[at]?.blocks as Buffer[]));
      expect([record.name, same]).toEqual([record.name, record.name !== './etc/' || !isChanged]);
      expect(record.bodyBytes.equals(after[at]?.bodyBytes as Buffer)).toBe(true);
    });
  });

  test('lose attributes that drive overlayfs and labels of another host, nothing else', async () => {
    const pax = {
      'SCHILY.xattr.trusted.overlay.redirect': '/etc',
      'SCHILY.xattr.trusted.overlay.metacopy': '',
      'SCHILY.xattr.security.selinux': 'label',
      'SCHILY.xattr.security.capability': '\x01\xff',
      'SCHILY.xattr.user.x': '',
      mtime: '1.5',
    };
    const { records, result } = await convert([root, { name: './a', body: 'abc', pax }]);
    expect([...(records[1]?.pax.keys() ?? [])].sort()).toEqual([
      'SCHILY.xattr.security.capability',
      'SCHILY.xattr.user.x',
      'mtime',
      'path',
    ]);
    expect(records[1]?.bodyBytes.toString('latin1', 0, 3)).toBe('abc');
    expect(result.notes).toHaveLength(1);
  });

  test('that overlayfs takes for whiteouts are left out', async () => {
    const device = (name: string, devMinor: number): TestEntry => ({ name, typeflag: '3', devMinor });
    const { names, result } = await convert([root, device('null', 0), device('one', 1)]);
    expect(names).toEqual(['./', 'one']);
    expect(result.notes).toHaveLength(1);
  });

  test('through a relative link of the same layer land where it leads', async () => {
    const { records } = await convert([
      root,
      directory('usr/'),
      directory('usr/lib/'),
      symlink('lib', 'usr/lib'),
      symlink('lib64', './lib'),
      { name: 'lib64/libc.so', body: 'x' },
      { name: 'usr/lib/hard', typeflag: '1', linkName: 'lib/libc.so' },
    ]);
    expect(records.at(-2)?.name).toBe('usr/lib/libc.so');
    expect(records.at(-1)).toMatchObject({ name: 'usr/lib/hard', linkName: 'usr/lib/libc.so' });
  });

  test('without directories above them bring these, deterministic ones', async () => {
    const { records, result, names } = await convert([{ name: 'a/b/c' }, directory('a/', { uid: 5 })]);
    expect(result.implicitDirectories).toEqual(['/', '/a/b']);
    expect(names).toEqual(['a/b/c', 'a/', './', 'a/b/']);
    expect(records.at(-1)?.header).toMatchObject({ mode: 0o755, uid: 0, mtimeSeconds: 0 });
  });

  test.each<[string, TestEntry[], string]>([
    ['.. in a name', [{ name: 'a/../../etc/passwd' }], 'a/../../etc/passwd'],
    ['.. in a record', [{ name: 'a', pax: { path: '../x' } }], '../x'],
    ['.. in a sparse name', [{ name: 'a', pax: { 'GNU.sparse.name': '../x' } }], '../x'],
    ['.. in a hard link', [{ name: 'a', typeflag: '1', linkName: '../../etc/shadow' }], '../../etc/shadow'],
    ['a hard link to nothing', [{ name: 'a', typeflag: '1', linkName: 'etc/shadow' }], '/etc/shadow'],
    ['a hard link to a directory', [directory('d/'), { name: 'a', typeflag: '1', linkName: 'd' }], '/d'],
    ['a way through an absolute link', [symlink('a', '/etc'), { name: 'a/passwd' }], 'a/passwd'],
    ['a way through an upward link', [symlink('a', 'b/../..'), { name: 'a/passwd' }], 'a/passwd'],
    ['a way through a loop of links', [symlink('a', 'b'), symlink('b', 'a'), { name: 'a/x' }], 'a/x'],
    [
      'a way through a hard link to a link',
      [symlink('a', '/etc'), { name: 'b', typeflag: '1', linkName: 'a' }, { name: 'b/passwd' }],
      'b/passwd',
    ],
    ['a whiteout through an absolute link', [symlink('a', '/etc'), { name: 'a/.wh.passwd' }], 'a/.wh.passwd'],
    ['an entry below a file', [{ name: 'a' }, { name: 'a/b' }], 'a/b'],
    ['a file in place of a directory', [{ name: 'a/b' }, { name: 'a' }], '/a'],
    ['a directory in place of an absolute link', [symlink('a', '/etc'), directory('a/')], '/etc'],
    ['a file in place of an upward link', [symlink('a', '../x'), { name: 'a' }], '../x'],
    ['a link in place of the root', [symlink('./', '/')], '/'],
    ['a name of more than 4095 bytes', [{ name: 'a', pax: { path: 'a/'.repeat(2500) } }], 'a/a/a'],
  ])('are refused for %s', async (_, entries, named) => {
    const failure = await failureOf(entries);
    expect(failure.code).toBe('IMAGE_INVALID');
    expect(failure.message).toContain(named);
  });

  test('of an unknown type are refused', async () => {
    expect(await failureOf([{ name: 'volume', typeflag: 'V' }])).toMatchObject({ code: 'LAYER_UNSUPPORTED' });
  });

  test('never come out with .. or through a link, whatever goes in', async () => {
    const part = fc.constantFrom('a', 'b', '..', '.', '', '.wh.a', '.wh..wh..opq');
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/') || 'a');
    const entry = fc.record({ name: path, typeflag: fc.constantFrom('0', '1', '2', '5'), linkName: path });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        const { stream } = overlayLayer(streamOf(tarBytes(entries)));
        const bytes = await collect(stream).catch(() => undefined);
        if (!bytes) return;
        const links = new Set<string>();
        for (const { name, header } of await recordsOf(bytes)) {
          const parts = name.split('/').filter((item) => item !== '' && item !== '.');
          expect(parts).not.toContain('..');
          parts.slice(0, -1).forEach((_, at) => void expect(links).not.toContain(parts.slice(0, at + 1).join('/')));
          if (header.typeflag === '2') links.add(parts.join('/'));
          else if (header.typeflag !== '1') links.delete(parts.join('/'));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the result', () => {
  test('rejects when the stream is given up', async () => {
    const layer = streamOf(tarBytes([root]));
    const { stream, result } = overlayLayer(layer);
    stream.destroy();
    await expect(result).rejects.toThrow('not read to its end');
    expect(layer.destroyed).toBe(true);
  });

  test('rejects with what the layer fails with after its last entry', async () => {
    const failure = new Error('wrong diffID');
    async function* failing() {
      yield tarBytes([root]);
      throw failure;
    }
    const { Readable } = await import('node:stream');
    const { stream, result } = overlayLayer(Readable.from(failing()));
    await expect(collect(stream)).rejects.toBe(failure);
    await expect(result).rejects.toBe(failure);
  });
});
