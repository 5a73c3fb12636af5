import { describe, expect, it } from 'vitest';
import { KeepSet } from '../../../src/keep/keep-set.ts';
import { planPermissions } from '../../../src/keep/permissions.ts';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import type { PathPermissions } from '../../../src/settings.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const ROOTFS = rootFsOf({
  '/app/run.sh': 'x',
  '/app/data/a': '1',
  '/app/data/b': '2',
  '/current': { link: 'app' },
  '/bin/one': { content: 'same', inode: 7 },
  '/bin/two': { content: 'same', inode: 7 },
});

function plan(...wanted: Omit<PathPermissions, 'option'>[]) {
  const keep = new KeepSet();
  for (const path of ['/app', '/app/run.sh', '/app/data', '/app/data/a', '/current', '/bin/one', '/bin/two']) {
    keep.add(imagePathFromText(path), { kind: 'user', option: '--include-path', pattern: path });
  }
  const settings = wanted.map((row) => ({ option: '--path-perms', ...row }));
  const { permissions, warnings } = planPermissions(ROOTFS, keep, settings);
  return { permissions: Object.fromEntries(permissions), warnings };
}

describe('owners and modes that are asked for', () => {
  it('are given to the path alone, links followed', () => {
    expect(plan({ path: '/current', mode: 0o755, uid: 1000, gid: 1000 }).permissions).toEqual({
      '/app': { mode: 0o755, uid: 1000, gid: 1000 },
    });
  });

  it('are given to what a glob matches of what is kept', () => {
    expect(Object.keys(plan({ path: '/app/**', uid: 5 }).permissions)).toEqual([
      '/app',
      '/app/data',
      '/app/data/a',
      '/app/run.sh',
    ]);
  });

  it('are given to every name of a file', () => {
    expect(plan({ path: '/bin/one', mode: 0o4755 }).permissions).toEqual({
      '/bin/one': { mode: 0o4755 },
      '/bin/two': { mode: 0o4755 },
    });
  });

  it('add up, the last one counting', () => {
    const { permissions } = plan({ path: '/app/**', mode: 0o700 }, { path: '/app/run.sh', mode: 0o755, uid: 1 });
    expect(permissions['/app/run.sh']).toEqual({ mode: 0o755, uid: 1 });
  });

  it('are a warning where nothing of it is kept', () => {
    expect(plan({ path: '/app/data/b', uid: 1 }, { path: '/nowhere', uid: 1 })).toEqual({
      permissions: {},
      warnings: [
        '--path-perms /app/data/b changes nothing: no such path is kept',
        '--path-perms /nowhere changes nothing: no such path is kept',
      ],
    });
  });
});
