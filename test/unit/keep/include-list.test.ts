import { expect, test } from 'vitest';
import { includeList } from '../../../src/keep/include-list.ts';
import { toImagePath } from '../../../src/rootfs/path.ts';
import type { Access, Trace } from '../../../src/trace/trace.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const traceOf = (...accesses: Access[]) => ({ accesses }) as unknown as Trace;

test('lists files as asked and as resolved, and no directory, as an include list would take it whole', () => {
  const trace = traceOf(
    accessOf('stat', '/'),
    accessOf('stat', '/etc/conf.d'),
    accessOf('list', '/etc/conf.d'),
    accessOf('open', '/lib/x.so', { resolved: toImagePath('/usr/lib/x.so.1') }),
    accessOf('stat', '/usr/lib'),
    accessOf('open', '/gone', { errno: 'ENOENT' }),
  );
  expect(includeList(trace)).toEqual(['/lib/x.so', '/usr/lib/x.so.1']);
});

test('with a root file system, lists what the image has, with every link crossed', () => {
  const rootfs = rootFsOf({ '/lib': { link: 'usr/lib' }, '/usr/lib/x.so': { link: 'x.so.1' }, '/usr/lib/x.so.1': 'x' });
  const trace = traceOf(
    accessOf('open', '/lib/x.so'),
    accessOf('create', '/tmp/made-in-the-run'),
    accessOf('stat', '/usr/lib'),
  );
  expect(includeList(trace, rootfs)).toEqual(['/lib', '/usr/lib/x.so', '/usr/lib/x.so.1']);
});
