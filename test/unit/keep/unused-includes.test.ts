import { expect, test } from 'vitest';
import { planKeep } from '../../../src/keep/plan.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const LARGE = 'x'.repeat(1_500_000);

async function warningsFor(includes: readonly string[], opened: readonly string[]) {
  const { warnings } = await planKeep({
    rootfs: rootFsOf({ '/lib/used.py': LARGE, '/lib/a.py': LARGE, '/lib/b.py': LARGE, '/etc/small': 'x' }),
    accesses: opened.map((path) => accessOf('open', path)),
    config: {},
    keepSettings: {
      includes: includes.map((value) => ({ option: '--include-path', kind: 'path', value })),
      excludes: [],
    },
    signal: new AbortController().signal,
  });
  return warnings;
}

test('what is included and not used is told by how much it costs', async () => {
  expect(await warningsFor(['/lib', '/etc/small'], ['/lib/used.py'])).toEqual([
    '--include-path /lib keeps 3.0 MB in 2 files that nothing has used: try without it',
  ]);
});

test('what is included and used is worth no word', async () => {
  expect(await warningsFor(['/lib/used.py', '/etc'], ['/lib/used.py'])).toEqual([]);
});
