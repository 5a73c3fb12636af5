import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureInheritedDirectories } from '../../src/engine/host/inherited-directories.ts';
import { ensureLayer, unpackedLayers } from '../../src/engine/host/layer-cache.ts';
import { mountOverlay } from '../../src/engine/host/overlay.ts';
import { createLayout } from '../../src/engine/host/state.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { sha256 } from '../support/images.ts';
import { streamOf, type TestEntry, tarBytes } from '../support/tar.ts';

const options = { signal: new AbortController().signal };
let folder: ReturnType<typeof temporaryDirectory>;

beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => folder[Symbol.dispose]());

const directory = (name: string, mode: number, more: Partial<TestEntry> = {}): TestEntry => ({
  name,
  typeflag: '5',
  mode,
  ...more,
});

/** Unpacks layers, the lowest first, and looks at directories of the whole: `mode uid mtime`, undefined when absent. */
async function look(layers: readonly (readonly TestEntry[])[], ...names: string[]): Promise<Record<string, unknown>> {
  const layout = createLayout(join(folder.path, 'state'));
  const made = layers.map((entries) => {
    const bytes = tarBytes([...entries]);
    return { diffId: sha256(bytes), sizeBytes: bytes.length, open: () => streamOf(bytes) };
  });
  for (const layer of made) await ensureLayer(layout, layer, options);
  const unpacked = await unpackedLayers(layout, made);
  const lower = unpacked.map(({ name }) => name);
  const chain = made.map(({ diffId }) => diffId.slice(-8)).join('');
  const inherited = await ensureInheritedDirectories(layout.layers, async () => unpacked, chain, options);
  expect(await ensureInheritedDirectories(layout.layers, async () => unpacked, chain, options)).toBe(inherited);
  if (inherited) lower.unshift(inherited);
  await using mount = await mountOverlay({
    layersDirectory: layout.layers,
    lower,
    directory: join(folder.path, 'mount'),
    writable: false,
  });
  return Object.fromEntries(names.map((name) => [name, shown(join(mount.path, name))]));
}

function shown(path: string): string | undefined {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!facts) return undefined;
  return `${(Number(facts.mode) & 0o7777).toString(8)} ${facts.uid} ${facts.mtimeNs}`;
}

const base = [
  directory('./', 0o555, { mtimeSeconds: 1 }),
  directory('tmp/', 0o1777, { mtimeSeconds: 2 }),
  directory('home/', 0o755, { mtimeSeconds: 3 }),
  directory('home/app/', 0o700, { uid: 1000, mtimeSeconds: 4, pax: { mtime: '4.123456789' } }),
  directory('etc/', 0o711, { mtimeSeconds: 5 }),
  { name: 'link', typeflag: '2', linkName: '/etc' },
];

test('a directory without an entry of its own is as the next lower layer has it, and so are those above it', async () => {
  const found = await look(
    [base, [{ name: 'home/app/.wh.gone' }], [{ name: 'home/app/new' }, { name: 'tmp/x' }]],
    '.',
    'home',
    'home/app',
    'tmp',
  );
  expect(found).toEqual({
    '.': '555 0 1000000000',
    home: '755 0 3000000000',
    'home/app': '700 1000 4123456789',
    tmp: '1777 0 2000000000',
  });
});

test('one that hides what was there, or stands where no directory was, is new', async () => {
  const top = [
    { name: '.wh.etc' },
    { name: 'etc/new' },
    { name: 'tmp/.wh..wh..opq' },
    { name: 'tmp/new' },
    { name: 'link/new' },
    { name: 'home/.wh..wh..opq' },
    { name: 'home/app/new' },
  ];
  const found = await look([base, top], 'etc', 'tmp', 'link', 'home/app');
  for (const name of ['etc', 'tmp', 'link', 'home/app']) expect([name, found[name]]).toEqual([name, '755 0 0']);
});

test('one that a layer above has removed does not come back', async () => {
  const found = await look([base, [{ name: 'home/app/new' }], [{ name: 'home/.wh.app' }]], 'home', 'home/app');
  expect(found).toEqual({ home: '755 0 3000000000', 'home/app': undefined });
});

test('one that a layer above has an entry for is as that says', async () => {
  const found = await look(
    [base, [{ name: 'home/app/new' }], [directory('home/app/', 0o770, { uid: 7, mtimeSeconds: 9 })]],
    'home/app',
  );
  expect(found).toEqual({ 'home/app': '770 7 9000000000' });
});
