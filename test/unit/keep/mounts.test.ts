import { describe, expect, test } from 'vitest';
import { findMisses } from '../../../src/keep/missed.ts';
import { seenThrough } from '../../../src/keep/mounts.ts';
import { planKeep } from '../../../src/keep/plan.ts';
import { toImagePath } from '../../../src/rootfs/path.ts';
import type { MountSettings } from '../../../src/settings.ts';
import type { Access } from '../../../src/trace/trace.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const image = rootFsOf({
  '/etc/app/app.conf': 'of the image',
  '/etc/app/other.conf': 'of the image too',
  '/srv/data/a': '1',
  '/srv/data/b': '2',
  '/srv/current': { link: 'data' },
  '/srv/database': '3',
});

const bind = (target: string): MountSettings => ({ type: 'bind', source: '/host', target, readOnly: false });
const tmpfs = (target: string): MountSettings => ({ type: 'tmpfs', target });
const volume = (target: string): MountSettings => ({ type: 'volume', source: '', target, readOnly: false });

async function kept(mounts: readonly MountSettings[], ...accesses: Access[]): Promise<string[]> {
  const { keep } = await planKeep({
    rootfs: image,
    accesses,
    config: {},
    keepSettings: { includes: [], excludes: [] },
    mounts,
    signal: new AbortController().signal,
  });
  return keep.paths().filter((path) => /^\/(?:etc|srv)/.test(path));
}

describe('what is done below a mount', () => {
  test.each([bind('/srv/data'), tmpfs('/srv/data/')])(
    'keeps nothing of what the image has there: %j',
    async (mount) => {
      const used = [accessOf('open', '/srv/data/a'), accessOf('list', '/srv/data'), accessOf('stat', '/srv/database')];
      expect(await kept([mount], ...used)).toEqual(['/srv', '/srv/data', '/srv/database']);
    },
  );

  test('keeps nothing either where a link leads there, but for the link', async () => {
    const used = accessOf('open', '/srv/current/a', { resolved: toImagePath('/srv/data/a') });
    expect(await kept([bind('/srv/data')], used)).toEqual(['/srv', '/srv/current', '/srv/data']);
    expect(await kept([bind('/srv/current')], used)).toEqual(['/srv', '/srv/current', '/srv/data']);
  });

  test('keeps what a volume was filled with', async () => {
    expect(await kept([volume('/srv/data')], accessOf('open', '/srv/data/a'))).toContain('/srv/data/a');
  });

  test('is no miss when it fails on the slim image', () => {
    const lost = accessOf('open', '/srv/data/a', { errno: 'ENOENT' });
    const input = { slimRootfs: image, keep: { has: () => false }, fatAccesses: [], accesses: [lost] };
    expect(findMisses({ ...input, fatRootfs: image })).toHaveLength(1);
    expect(findMisses({ ...input, fatRootfs: seenThrough(image, [tmpfs('/srv/data')]) })).toEqual([]);
  });
});

describe('a mount point', () => {
  test('is kept as the image has it, a file with its content', async () => {
    expect(await kept([bind('/etc/app/app.conf')])).toEqual(['/etc', '/etc/app', '/etc/app/app.conf']);
  });

  test('that the image does not have is not made up', async () => {
    expect(await kept([bind('/etc/new/place')], accessOf('open', '/etc/new/place/x'))).toEqual(['/etc']);
  });
});
