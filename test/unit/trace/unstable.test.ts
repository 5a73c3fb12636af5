import { expect, it } from 'vitest';
import type { Access, Trace } from '../../../src/trace/trace.ts';
import { unstablePaths } from '../../../src/trace/unstable.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const rootfs = rootFsOf({ '/app/a': '1', '/app/b': '2', '/app/link': { link: 'b' }, '/dev/null': '' });

function traceOf(...accesses: Access[]): Trace {
  const completeness = { complete: true, losses: [], notes: [], lines: 1, unparsedLines: 0, unparsedSamples: [] };
  return { accesses, completeness };
}

const open = (path: string, over: Partial<Access> = {}) => accessOf('open', path, over);

it('files that only some of the traces used are unstable, by whatever name', () => {
  const traces = [
    traceOf(open('/app/a'), open('/app/b')),
    traceOf(open('/app/a'), open('/app/link')),
    traceOf(open('/app/a')),
  ];
  expect(unstablePaths(rootfs, traces)).toEqual(['/app/b']);
  expect(unstablePaths(rootfs, traces.slice(0, 2))).toEqual([]);
});

it('failures, directories and what is not in the image are not counted', () => {
  const one = [
    open('/app/b', { errno: 'EACCES' }),
    open('/app'),
    open('/tmp/x1'),
    open('/dev/null'),
    open('/proc/7/stat'),
  ];
  expect(unstablePaths(rootfs, [traceOf(...one), traceOf()])).toEqual([]);
});
