import { describe, expect, it } from 'vitest';
import { findMisses } from '../../../src/keep/missed.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const fatRootfs = rootFsOf({
  '/app/data': '1',
  '/app/current': { link: 'releases' },
  '/app/releases/index': '2',
  '/app/dangling': { link: 'nowhere' },
});

const misses = (kept: readonly string[], ...accesses: ReturnType<typeof accessOf>[]) =>
  findMisses({ fatRootfs, keep: { has: (path) => kept.includes(path) }, accesses }).map(({ path }) => path);

describe('findMisses', () => {
  it('finds look-ups that the fat image would have answered, once each and sorted', () => {
    const lost = accessOf('open', '/app/releases/index', { errno: 'ENOENT' });
    const other = accessOf('stat', '/app/data', { errno: 'ENOTDIR' });
    expect(misses([], lost, other, { ...lost, pid: 2 })).toEqual(['/app/data', '/app/releases/index']);
  });

  it('finds a link that is missing on the way to something kept', () => {
    const access = accessOf('open', '/app/current/index', { errno: 'ENOENT' });
    expect(misses(['/app/releases/index'], access)).toEqual(['/app/current/index']);
    expect(misses(['/app/releases/index', '/app/current'], access)).toEqual([]);
  });

  it('finds a dangling link only where the link itself was asked for', () => {
    const access = accessOf('readlink', '/app/dangling', { errno: 'ENOENT', noFollow: true });
    expect(misses([], access)).toEqual(['/app/dangling']);
    expect(misses([], accessOf('stat', '/app/dangling', { errno: 'ENOENT' }))).toEqual([]);
  });

  it('finds a directory that a path steps out of, and names it as needed', () => {
    const access = accessOf('open', '/app/data', { errno: 'ENOENT', verbatim: '/app/releases/../data' });
    const [miss] = findMisses({ fatRootfs, keep: { has: (path) => path === '/app/data' }, accesses: [access] });
    expect(miss).toMatchObject({ path: '/app/data', needed: ['/app/data', '/app/releases'] });
    expect(misses(['/app/data', '/app/releases'], access)).toEqual([]);
  });

  it('finds the directory that a new file would be created in', () => {
    const access = accessOf('create', '/app/releases/new', { errno: 'ENOENT' });
    expect(misses([], access)).toEqual(['/app/releases/new']);
    expect(misses(['/app/releases'], access)).toEqual([]);
  });

  it('finds nothing in other failures, successes and what is not in the fat image either', () => {
    const denied = accessOf('open', '/app/data', { errno: 'EACCES' });
    expect(misses([], denied, accessOf('open', '/app/data'), accessOf('open', '/x', { errno: 'ENOENT' }))).toEqual([]);
  });
});
