import { expect, it } from 'vitest';
import { planKeep } from '../../../../src/keep/plan.ts';
import { accessOf } from '../../../support/accesses.ts';
import { type Described, rootFsOf } from '../../../support/rootfs-builder.ts';

const WEB = '/usr/lib/python3/dist-packages/web';
const TREE: Record<string, Described> = {
  [`${WEB}/__init__.py`]: '',
  [`${WEB}/templates/error.txt`]: '',
  [`${WEB}/locale/de/LC_MESSAGES/web.mo`]: '',
  [`${WEB}/locale/de/LC_MESSAGES/webjs.mo`]: '',
  [`${WEB}/locale/de/formats.py`]: '',
  [`${WEB}/locale/fr/LC_MESSAGES/web.mo`]: '',
  '/srv/templates/home.html': '',
  '/srv/templates/errors/500.html': '',
  '/srv/main.py': '',
  '/srv/locale/de/LC_MESSAGES/web.mo': '',
  '/usr/share/locale/de/LC_MESSAGES/tar.mo': '',
};

async function kept(opened: string, tree = TREE): Promise<string[]> {
  const { keep } = await planKeep({
    rootfs: rootFsOf(tree),
    accesses: [accessOf('open', opened)],
    config: {},
    keepSettings: { includes: [], excludes: [] },
    signal: new AbortController().signal,
  });
  return keep.paths().filter((path) => /\.\w+$/.test(path) && path !== opened && tree[path] !== undefined);
}

it('where one template was used, the others are kept', async () => {
  expect(await kept('/srv/templates/home.html')).toContain('/srv/templates/errors/500.html');
});

it('templates that are too many are not kept', async () => {
  const tree = { ...TREE, '/srv/templates/big.html': 'x'.repeat(2 << 20) };
  expect((await kept('/srv/templates/home.html', tree)).filter((path) => path.includes('templates'))).toEqual([]);
});

it('a Python package is kept with its templates, and without its translations', async () => {
  expect(await kept(`${WEB}/__init__.py`)).toEqual([`${WEB}/templates/error.txt`]);
});

it('an application is kept in all its languages, and packages in those of the application', async () => {
  expect(await kept('/srv/main.py')).toEqual([
    '/srv/locale/de/LC_MESSAGES/web.mo',
    `${WEB}/locale/de/LC_MESSAGES/web.mo`,
    `${WEB}/locale/de/LC_MESSAGES/webjs.mo`,
    `${WEB}/locale/de/formats.py`,
  ]);
});
