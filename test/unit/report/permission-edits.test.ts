import { expect, test } from 'vitest';
import { formatPermissionEdits, permissionEdits } from '../../../src/report/permission-edits.ts';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import { reportOf } from '../../support/report.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

test('an edit says what owner and mode a path had and has', () => {
  const rootfs = rootFsOf({ '/app/run.sh': 'x' });
  const permissions = permissionEdits(
    rootfs,
    new Map([[imagePathFromText('/app/run.sh'), { mode: 0o4755, uid: 1000 }]]),
  );
  expect(permissions).toEqual([
    { path: '/app/run.sh', fat: { mode: 0o644, uid: 0, gid: 0 }, slim: { mode: 0o4755, uid: 1000, gid: 0 } },
  ]);
  expect(formatPermissionEdits(reportOf({ permissions }))).toEqual([
    'owner or mode changed of 1 path',
    '  /app/run.sh: 0644 0:0 is now 4755 1000:0',
  ]);
});

test('many edits are counted, and the first ones shown', () => {
  const plain = { mode: 0, uid: 0, gid: 0 };
  const permissions = Array.from({ length: 12 }, (_, index) => ({ path: `/${index}`, fat: plain, slim: plain }));
  expect(formatPermissionEdits(reportOf({ permissions })).at(-1)).toBe('  and 2 more');
});
