import { describe, expect, it } from 'vitest';
import { findMisses } from '../../../src/keep/missed.ts';
import type { Access } from '../../../src/trace/trace.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

const fatRootfs = rootFsOf({
  '/app/data': '1',
  '/app/current': { link: 'releases' },
  '/app/releases/index': '2',
  '/app/dangling': { link: 'nowhere' },
  '/dev/null': '',
});

const missesAfter = (fatAccesses: readonly Access[], kept: readonly string[], ...accesses: Access[]) =>
  findMisses({ fatRootfs, slimRootfs: fatRootfs, keep: { has: (path) => kept.includes(path) }, fatAccesses, accesses });

const misses = (kept: readonly string[], ...accesses: Access[]) =>
  missesAfter([], kept, ...accesses).map(({ path }) => path);

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
    const [miss] = missesAfter([], ['/app/data'], access);
    expect(miss).toMatchObject({ path: '/app/data', needed: ['/app/data', '/app/releases'] });
    expect(misses(['/app/data', '/app/releases'], access)).toEqual([]);
  });

  it('finds the directory that a new file would be created in', () => {
    const access = accessOf('create', '/app/releases/new', { errno: 'ENOENT' });
    expect(misses([], access)).toEqual(['/app/releases/new']);
    expect(misses(['/app/releases'], access)).toEqual([]);
  });

  it('finds what was created in place of something that the fat image has', () => {
    expect(missesAfter([], [], accessOf('create', '/app/data'))).toMatchObject([{ kind: 'overwritten' }]);
    expect(misses(['/app/data'], accessOf('create', '/app/data'))).toEqual([]);
    expect(misses([], accessOf('create', '/app/new'), accessOf('create', '/dev/null'))).toEqual([]);
  });

  it('finds a program that only the slim image cannot start, although it is there', () => {
    const started = accessOf('execute', '/app/data');
    const failed = accessOf('execute', '/app/data', { errno: 'ENOENT' });
    expect(missesAfter([started], ['/app/data'], failed)).toMatchObject([{ path: '/app/data', kind: 'failed' }]);
    expect(missesAfter([started, failed], ['/app/data'], failed)).toEqual([]);
    expect(missesAfter([], ['/app/data'], failed)).toEqual([]);
  });

  it('names what is missing, of all that is needed', () => {
    const access = accessOf('open', '/app/current/index', { errno: 'ENOENT' });
    expect(missesAfter([], ['/app/releases/index'], access)).toMatchObject([{ lacks: ['/app/current'], altered: [] }]);
    const created = accessOf('create', '/app/releases/new', { errno: 'ENOENT' });
    expect(missesAfter([], [], created)).toMatchObject([{ lacks: ['/app/releases'] }]);
  });

  it('finds nothing in other failures, successes and what is not in the fat image either', () => {
    const denied = accessOf('open', '/app/data', { errno: 'EACCES' });
    expect(misses([], denied, accessOf('open', '/app/data'), accessOf('open', '/x', { errno: 'ENOENT' }))).toEqual([]);
  });
});

describe('findMisses in an image that has all of it, but otherwise', () => {
  const slimRootfs = rootFsOf({
    '/app/data': { content: '1', mode: 0o600 },
    '/app/current': { link: 'elsewhere' },
    '/app/releases': { directory: true, mode: 0o700 },
    '/app/releases/index': '2',
    '/app/dangling': { link: 'nowhere' },
  });
  const found = (access: Access, fatAccesses: readonly Access[] = []) =>
    findMisses({ fatRootfs, slimRootfs, keep: { has: () => true }, fatAccesses, accesses: [access] }).map(
      ({ path, lacks, altered }) => [
        path,
        lacks,
        altered.map(({ path: where, what, fat, slim }) => `${where} ${what} ${fat} ${slim}`),
      ],
    );

  it('finds what may not be read any more, by its own mode or that of a directory above it', () => {
    expect(found(accessOf('open', '/app/data', { errno: 'EACCES' }))).toEqual([
      ['/app/data', [], ['/app/data mode 0644 0600']],
    ]);
    expect(found(accessOf('open', '/app/releases/index', { errno: 'EACCES' }))).toEqual([
      ['/app/releases/index', [], ['/app/releases mode 0755 0700']],
    ]);
  });

  it('finds a new file that may not be made any more in its directory', () => {
    expect(found(accessOf('create', '/app/releases/new', { errno: 'EACCES' }))).toHaveLength(1);
  });

  it('finds a link that leads elsewhere', () => {
    for (const errno of ['ENOENT', 'ENOTDIR', 'ELOOP']) {
      expect(found(accessOf('open', '/app/current/index', { errno }))).toEqual([
        ['/app/current/index', [], ['/app/current target releases elsewhere']],
      ]);
    }
  });

  it('finds nothing that failed in the same way on the fat image, or for another reason', () => {
    const denied = accessOf('open', '/app/data', { errno: 'EACCES' });
    expect(found(denied, [denied])).toEqual([]);
    expect(found(accessOf('open', '/app/data', { errno: 'ENOENT' }))).toEqual([]);
    expect(found(accessOf('open', '/app/data'))).toEqual([]);
  });
});
