import { expect, it } from 'vitest';
import { findAlterations } from '../../../src/keep/alterations.ts';
import { type ImagePath, imagePathFromText } from '../../../src/rootfs/path.ts';
import { type Described, rootFsOf } from '../../support/rootfs-builder.ts';

const { signal } = new AbortController();
const tree = (changes: Readonly<Record<string, Described>>) =>
  rootFsOf({
    '/a/file': 'one',
    '/a/link': { link: 'file' },
    '/etc/hosts': '',
    '/a/dir': { directory: true },
    ...changes,
  });

async function alterations(changes: Readonly<Record<string, Described>>, paths?: readonly ImagePath[]) {
  const [fat, slim] = [tree({}), tree(changes)];
  const all = paths ?? [...fat.entries()].map(({ path }) => path);
  const found = await findAlterations(fat, slim, { paths: all, signal });
  return found.map((each) => [each.path, each.what, each.fat, each.slim].join(' '));
}

it('the same image differs in nothing', async () => {
  expect(await alterations({})).toEqual([]);
});

it('each kind of difference is named with both values', async () => {
  expect(await alterations({ '/a/file': { content: 'one', mode: 0o4755 } })).toEqual(['/a/file mode 0644 4755']);
  expect(await alterations({ '/a/file': 'three' })).toEqual(['/a/file size 3 B 5 B']);
  expect(await alterations({ '/a/link': { link: '/b' } })).toEqual(['/a/link target file /b']);
  expect(await alterations({ '/a/dir': 'a file' })).toEqual(['/a/dir type directory file']);
  expect(await alterations({ '/a/file': 'two' })).toEqual(['/a/file content the original another of the same size']);
});

it('what was not used, what only one image has and what engines replace does not count', async () => {
  expect(await alterations({ '/a/file': 'two' }, [imagePathFromText('/a/link')])).toEqual([]);
  expect(await alterations({ '/new': '', '/etc/hosts': '127.0.0.1 x' })).toEqual([]);
  expect(await alterations({}, [imagePathFromText('/nowhere')])).toEqual([]);
});
