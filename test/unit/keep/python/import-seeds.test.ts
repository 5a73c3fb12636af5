import { describe, expect, it } from 'vitest';
import { planKeep } from '../../../../src/keep/plan.ts';
import { toImagePath } from '../../../../src/rootfs/path.ts';
import { accessOf } from '../../../support/accesses.ts';
import { elfOf } from '../../../support/elf-builder.ts';
import { type Described, rootFsOf } from '../../../support/rootfs-builder.ts';

const LIB = '/usr/lib/python3.11';
const SITE = '/usr/lib/python3/dist-packages';
const TREE: Record<string, Described> = {
  [`${LIB}/logging/__init__.py`]: 'def basicConfig():\n    import turtle\n',
  [`${LIB}/turtle.py`]: '',
  [`${LIB}/statistics.py`]: 'import numbers\ndef exact():\n    import fractions\n',
  [`${LIB}/numbers.py`]: '',
  [`${LIB}/fractions.py`]: '',
  [`${SITE}/web/__init__.py`]: '',
  [`${SITE}/web/log.py`]: 'from .mail import send\n',
  [`${SITE}/web/mail.py`]: '',
  [`${SITE}/web/unused.py`]: '',
  [`${SITE}/web/fast.cpython-311-x86_64-linux-gnu.so`]: elfOf({ needed: ['libmissing.so.1'] }),
  '/srv/shop/__init__.py': '',
  '/srv/shop/settings.py': 'HANDLER = "web.log.MailHandler"\nNAME = "shop"\nURL = "example.org"\n',
  '/srv/shop/views.py':
    'import logging\ndef page():\n    from .late.report import summary, TITLE\n    from web import fast\n',
  '/srv/shop/late/__init__.py': '',
  '/srv/shop/late/report.py': 'import statistics\nfrom . import words\ndef more():\n    from . import rare\n',
  '/srv/shop/late/words.py': '',
  '/srv/shop/late/__pycache__/words.cpython-311.pyc': 'c',
  '/srv/shop/late/rare.py': '',
};
const LOADED = ['/srv/shop/settings.py', '/srv/shop/views.py', `${SITE}/web/__init__.py`, `${LIB}/logging/__init__.py`];

async function plan(loaded: readonly string[], tree = TREE, disabledRules: readonly string[] = []) {
  const { keep } = await planKeep({
    rootfs: rootFsOf(tree),
    accesses: loaded.map((path) => accessOf('open', path)),
    config: {},
    keepSettings: { includes: [], excludes: [], disabledRules },
    signal: new AbortController().signal,
  });
  return keep;
}

const files = (keep: Awaited<ReturnType<typeof plan>>) =>
  keep.paths().filter((path) => /\.[a-z]+$/.test(path) && !LOADED.includes(path));

describe('what a loaded Python module may yet import', () => {
  it('is kept with what that imports while it is loaded, and with compiled forms', async () => {
    const keep = await plan(['/srv/shop/views.py', `${LIB}/logging/__init__.py`]);
    expect(files(keep)).toEqual([
      '/srv/shop/late/__init__.py',
      '/srv/shop/late/__pycache__/words.cpython-311.pyc',
      '/srv/shop/late/report.py',
      '/srv/shop/late/words.py',
      `${LIB}/numbers.py`,
      `${LIB}/statistics.py`,
    ]);
  });

  it('is kept when it is named in a text that leads into a package', async () => {
    const keep = await plan(['/srv/shop/settings.py', `${SITE}/web/__init__.py`]);
    expect(files(keep)).toEqual([`${SITE}/web/log.py`, `${SITE}/web/mail.py`]);
    expect(keep.reasonsFor(toImagePath(`${SITE}/web/log.py`))).toContainEqual({
      kind: 'rule',
      rule: 'python-name',
      because: 'module named in',
      from: '/srv/shop/settings.py',
    });
  });

  it('is found by the source when the compiled form was loaded', async () => {
    const tree = { ...TREE, '/srv/shop/__pycache__/views.cpython-311.pyc': 'c' };
    const keep = await plan(['/srv/shop/__pycache__/views.cpython-311.pyc'], tree);
    expect(keep.has(toImagePath('/srv/shop/late/report.py'))).toBe(true);
  });

  it('is not kept when it is an extension module that lacks its libraries', async () => {
    const keep = await plan(LOADED);
    expect(files(keep).filter((path) => path.endsWith('.so'))).toEqual([]);
  });

  it('is not kept when it is more than a choice of a few', async () => {
    const big = { ...TREE, '/srv/shop/late/words.py': `#${'x'.repeat(3 << 20)}` };
    expect(files(await plan(['/srv/shop/views.py'], big))).toEqual([]);
  });

  it('is not kept with its rules switched off', async () => {
    expect(files(await plan(LOADED, TREE, ['python-import', 'python-name']))).toEqual([]);
  });

  it('is found in circles too', async () => {
    const tree = { '/a/x.py': 'def f():\n    import y\n', '/a/y.py': 'import z\n', '/a/z.py': 'import y\nimport x\n' };
    expect((await plan(['/a/x.py'], tree)).paths()).toContain('/a/z.py');
  });
});
