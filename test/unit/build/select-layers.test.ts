import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selectLayers } from '../../../src/build/select-layers.ts';
import { type ImagePath, parentOf, toImagePath } from '../../../src/rootfs/path.ts';
import { filterLayer } from '../../../src/tar/filter-layer.ts';
import { indexLayer } from '../../../src/tar/layer-index.ts';
import { collect, recordsOf, streamOf, type TestEntry, tarBytes } from '../../support/tar.ts';

/** The layers of an image with only these paths in them; undefined for those that are left out. */
async function preserved(layers: readonly (readonly TestEntry[])[], kept: readonly string[]) {
  const tars = layers.map((entries) => tarBytes(entries));
  const indexes = await Promise.all(tars.map((tar) => indexLayer(streamOf(tar), () => true)));
  const selections = selectLayers(indexes, kept.map(toImagePath).sort());
  return Promise.all(
    selections.map((selection, at) => selection && collect(filterLayer(streamOf(tars[at] as Buffer), selection))),
  );
}

async function namesIn(layers: readonly (Buffer | undefined)[]) {
  return Promise.all(layers.map(async (layer) => layer && (await recordsOf(layer)).map(({ name }) => name)));
}

const directory = (name: string, more: Partial<TestEntry> = {}): TestEntry => ({ name, typeflag: '5', ...more });

describe('of the layers of an image', () => {
  test('each path comes from the topmost that has it, bit for bit', async () => {
    const app = {
      name: 'etc/app',
      body: 'app',
      uid: 7,
      mtimeSeconds: 5,
      pax: { mtime: '5.123456789', 'SCHILY.xattr.user.a': 'b' },
    };
    const base = [directory('etc/', { mode: 0o711 }), { name: 'etc/passwd', body: 'old' }, { name: 'etc/unused' }];
    const layers = await preserved(
      [base, [app, { name: 'etc/passwd', body: 'new' }]],
      ['/etc', '/etc/passwd', '/etc/app'],
    );
    expect(layers).toEqual([
      tarBytes([directory('etc/', { mode: 0o711 })]),
      tarBytes([app, { name: 'etc/passwd', body: 'new' }]),
    ]);
  });

  test('those that nothing is kept of are left out, also when they have directories that upper ones state again', async () => {
    const layers = [
      [directory('a/'), { name: 'a/old' }],
      [{ name: 'a/.wh.old' }],
      [directory('a/'), { name: 'a/new' }],
    ];
    expect(await namesIn(await preserved(layers, ['/a', '/a/new']))).toEqual([undefined, undefined, ['a/', 'a/new']]);
  });

  test('nothing is copied that an upper one removes, hides or replaces', async () => {
    const base = ['gone', 'hidden/x', 'replaced/x', 'kept'].map((name) => ({ name }));
    const top = [{ name: '.wh.gone' }, directory('hidden/'), { name: 'hidden/.wh..wh..opq' }, { name: 'replaced' }];
    const kept = ['/gone', '/hidden', '/hidden/x', '/replaced', '/kept'];
    expect(await namesIn(await preserved([base, top], kept))).toEqual([['kept'], ['hidden/', 'replaced']]);
  });

  test('the same one gives the same bytes whatever images it is in, for the same kept paths', async () => {
    const base = [directory('usr/', { mtimeSeconds: 1 }), { name: 'usr/lib', body: 'shared' }, { name: 'usr/other' }];
    const one = await preserved(
      [base, [directory('usr/', { mtimeSeconds: 2 }), { name: 'usr/one' }]],
      [...['/usr', '/usr/lib', '/usr/one']],
    );
    const two = await preserved([base, [{ name: 'srv/two' }]], ['/usr', '/usr/lib', '/srv', '/srv/two']);
    expect(one[0]).toEqual(two[0]);
    expect(one[1]).not.toEqual(two[1]);
  });

  test('directories that none states are made up once', async () => {
    const layers = await preserved([[{ name: 'a/b/one' }], [{ name: 'a/b/two' }]], ['/a', '/a/b', '/a/b/two']);
    expect(await namesIn(layers)).toEqual([['a/', 'a/b/'], ['a/b/two']]);
    expect((await recordsOf(layers[0] as Buffer))[0]?.header).toMatchObject({ mode: 0o755, uid: 0, mtimeSeconds: 0 });
  });
});

describe('of a hard-linked file', () => {
  const link = (name: string, linkName: string): TestEntry => ({ name, typeflag: '1', linkName });
  const layer = [{ name: 'a', body: 'data', mode: 0o600 }, link('b', 'a'), link('c', 'b'), { name: 'd' }];

  test('the first kept name gets the data, and the others are linked to it', async () => {
    const [tar] = await preserved([layer], ['/b', '/c']);
    const records = await recordsOf(tar as Buffer);
    expect(
      records.map(({ name, linkName, bodyBytes }) => [name, linkName, bodyBytes.toString('latin1', 0, 4)]),
    ).toEqual([
      ['b', '', 'data'],
      ['c', 'b', ''],
    ]);
    expect(records[0]?.header.mode).toBe(0o600);
  });

  test('names that an upper layer replaces are no targets', async () => {
    const layers = await preserved([layer, [{ name: 'a', body: 'new' }]], ['/a', '/c']);
    expect(await namesIn(layers)).toEqual([['c'], ['a']]);
  });
});

test('a name that leads through a link of its own layer is copied to where it leads', async () => {
  const layer = [
    { name: 'lib', typeflag: '2', linkName: 'usr/lib' },
    { name: 'lib/x', body: 'x' },
  ];
  const layers = await preserved([layer], ['/usr', '/usr/lib', '/usr/lib/x']);
  expect(await namesIn(layers)).toEqual([['usr/lib/x', 'usr/', 'usr/lib/']]);
});

test('the copies on top of each other show every kept path as the image does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(layerOf(), { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.boolean()),
      async (layers, coins) => {
        const fat = await shown(layers.map((entries) => tarBytes(entries)));
        const kept = [...fat.keys()].filter((path) => coins.next().value && path !== '/').flatMap(withParents);
        const slim = await shown((await preserved(layers, [...new Set(kept)])).filter((tar) => tar !== undefined));
        const expected = new Map([...fat].filter(([path]) => kept.some((each) => each === path)));
        expect(withGroups(slim)).toEqual(withGroups(expected));
      },
    ),
    { numRuns: 300 },
  );
});

interface Drawn {
  readonly name: string;
  readonly kind: 'directory' | 'file' | 'link' | 'whiteout' | 'opaque';
  readonly mode: number;
  readonly uid: number;
  readonly body: string;
}

/** Entries of a sane layer over few names, so that layers meet. */
function layerOf(): fc.Arbitrary<TestEntry[]> {
  const name = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const kind = fc.constantFrom<Drawn['kind'][]>('directory', 'file', 'link', 'whiteout', 'opaque');
  const drawn = fc.record({ name, kind, mode: fc.nat(0o7777), uid: fc.nat(9), body: fc.string() });
  return fc.array(drawn, { maxLength: 12 }).map((entries) => entries.reduce(withEntry, []));
}

/** The entries and one more, unless it would lie below a file, or would be a file where there is something. */
function withEntry(entries: TestEntry[], { name, kind, mode, uid, body }: Drawn): TestEntry[] {
  const files = entries.filter(({ name: known, typeflag }) => typeflag !== '5' && !known.includes('.wh.'));
  const isBelowFile = files.some((file) => `${name}/`.startsWith(`${file.name}/`));
  const isTaken = isBelowFile || entries.some((known) => `${known.name}/`.startsWith(`${name}/`));
  const linkName = files[mode % Math.max(1, files.length)]?.name;
  if (isBelowFile) return entries;
  if (kind === 'directory') return [...entries, directory(`${name}/`, { mode, uid })];
  if (kind === 'opaque') return [...entries, { name: `${name}/.wh..wh..opq` }];
  if (kind === 'whiteout') return [...entries, { name: name.replace(/[^/]*$/, '.wh.$&') }];
  if (isTaken) return entries;
  return [...entries, kind === 'link' && linkName ? { name, typeflag: '1', linkName } : { name, mode, uid, body }];
}

/** Files that were met. */
let files = 0;

interface Shown {
  readonly facts: string;
  /** Equal for the names of one hard-linked file. */
  readonly group: string;
}

type Records = Awaited<ReturnType<typeof recordsOf>>;

/** What an image of these layers shows, whiteouts first, as the OCI image-spec says. */
async function shown(layers: readonly Buffer[]): Promise<Map<string, Shown>> {
  const paths = new Map<string, Shown>();
  for (const layer of layers) {
    const records = await recordsOf(layer);
    for (const { name } of records) applyWhiteout(paths, name);
    for (const { name } of records) imply(paths, toImagePath(name));
    for (const record of records) applyEntry(paths, record);
  }
  return paths;
}

function applyWhiteout(paths: Map<string, Shown>, name: string): void {
  const [, folder = '', hidden] = /^(.*?)\/?\.wh\.(.*)$/.exec(`/${name}`) ?? [];
  if (hidden === undefined) return;
  const removed = hidden === '.wh..opq' ? folder : `${folder}/${hidden}`;
  removeBelow(paths, removed);
  paths.delete(removed);
}

/** What is above an entry is a directory. */
function imply(paths: Map<string, Shown>, path: ImagePath): void {
  for (const parent of withParents(parentOf(path)).filter((at) => at !== '/')) {
    if (!paths.get(parent)?.facts.startsWith('d')) paths.set(parent, IMPLIED);
  }
}

function applyEntry(paths: Map<string, Shown>, { name, linkName, header, bodyBytes }: Records[number]): void {
  if (name.includes('.wh.')) return;
  const path = toImagePath(name);
  const isDirectory = header.typeflag === '5';
  if (!isDirectory) removeBelow(paths, path);
  const facts = `${isDirectory ? 'd' : 'f'} ${header.mode} ${header.uid} ${bodyBytes.toString('latin1')}`;
  const linked = header.typeflag === '1' ? paths.get(toImagePath(linkName)) : undefined;
  paths.set(path, linked ?? { facts, group: `file ${++files}` });
}

const IMPLIED: Shown = { facts: `d ${0o755} 0 `, group: 'implied' };

function removeBelow(paths: Map<string, Shown>, folder: string): void {
  for (const path of paths.keys()) if (path.startsWith(`${folder}/`)) paths.delete(path);
}

function withParents(path: string): ImagePath[] {
  const at = toImagePath(path);
  return at === '/' ? [at] : [...withParents(parentOf(at)), at];
}

/** Facts by path, each with the first name of its group in place of the group. */
function withGroups(paths: ReadonlyMap<string, Shown>): Record<string, string> {
  const sorted = [...paths].filter(([path]) => path !== '/').sort(([a], [b]) => (a < b ? -1 : 1));
  const first = (group: string) => sorted.find(([, other]) => other.group === group)?.[0];
  const label = ({ facts, group }: Shown) => (facts.startsWith('d') ? facts : `${facts} as ${first(group)}`);
  return Object.fromEntries(sorted.map(([path, entry]) => [path, label(entry)]));
}
