import { describe, expect, it } from 'vitest';
import { findUnlisted } from '../../../src/keep/missed-listings.ts';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import type { Access } from '../../../src/trace/trace.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const fatRootfs = rootFsOf({ '/app/plugins/a': '1', '/app/plugins/b': '2', '/app/link': { link: 'plugins' } });
const listing = (path: string, over: Partial<Access> = {}) =>
  accessOf('list', path, { syscall: 'getdents64', ...over });

async function unlisted(kept: readonly string[], accesses: readonly Access[], fatAccesses: readonly Access[] = []) {
  const find = (isSuspect: boolean) =>
    findUnlisted({
      ...{ fatRootfs, config: {}, keep: { has: (path) => kept.includes(path) }, fatAccesses, accesses, isSuspect },
    });
  const paths = async (isSuspect: boolean) => (await find(isSuspect)).map(({ path }) => path);
  return { certain: await paths(false), suspect: await paths(true) };
}

describe('findUnlisted', () => {
  it('finds what is missing in a directory that only the slim image has listed, through links too', async () => {
    expect(await unlisted(['/app/plugins/a'], [listing('/app/plugins')])).toEqual({
      certain: ['/app/plugins/b'],
      suspect: ['/app/plugins/b'],
    });
    expect((await unlisted([], [listing('/app/link')])).certain).toEqual(['/app/plugins/a', '/app/plugins/b']);
  });

  it('finds it in a directory that both have listed only where something has to be found', async () => {
    const lists = [listing('/app/plugins')];
    expect(await unlisted([], lists, lists)).toEqual({ certain: [], suspect: ['/app/plugins/a', '/app/plugins/b'] });
  });

  it('finds nothing in listings that failed, are complete, or of what the fat image does not have', async () => {
    const none = { certain: [], suspect: [] };
    expect(await unlisted([], [listing('/app/plugins', { errno: 'EACCES' })])).toEqual(none);
    expect(await unlisted(['/app/plugins/a', '/app/plugins/b'], [listing('/app/plugins')])).toEqual(none);
    expect(await unlisted([], [listing('/new')])).toEqual(none);
  });

  it('finds a directory in which the fat image has used something, where no name led the program to it', async () => {
    const lists = [listing('/app', { executable: imagePathFromText('/usr/bin/python3') })];
    const used = [...lists, accessOf('open', '/app/plugins/a'), accessOf('open', '/app/plugins/b')];
    expect(await unlisted(['/', '/app'], lists, used)).toMatchObject({
      certain: [],
      suspect: ['/app/link', '/app/plugins'],
    });
    expect(await unlisted(['/', '/app', '/app/plugins'], lists, used)).toMatchObject({ suspect: ['/app/link'] });
  });
});
