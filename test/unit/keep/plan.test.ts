import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planKeep } from '../../../src/keep/plan.ts';
import { parentOf, toImagePath } from '../../../src/rootfs/path.ts';
import type { Access, Operation } from '../../../src/trace/trace.ts';
import { accessOf } from '../../support/accesses.ts';
import { elfOf } from '../../support/elf-builder.ts';
import { type Described, rootFsOf } from '../../support/rootfs-builder.ts';

const TREE: Record<string, Described> = {
  '/bin': { link: 'usr/bin' },
  '/usr/bin/sh': { content: '\x7fELF', mode: 0o755 },
  '/usr/bin/python3': { link: 'python3.11' },
  '/usr/bin/python3.11': { content: 'x', mode: 0o755 },
  '/usr/bin/env': { content: 'x', mode: 0o755 },
  '/app/run': { content: '#!/usr/bin/env python3\n', mode: 0o755 },
  '/app/flag': '1',
  '/app/flag.txt': '2',
  '/app/conf.d/a.conf': 'a',
  '/app/conf.d/b.conf': 'b',
  '/app/conf.d/sub/deep': 'c',
  '/app/pkg/__init__.py': '',
  '/app/pkg/__pycache__/__init__.cpython-311.pyc': 'c',
  '/app/pkg/lazy.py': '',
  '/app/pkg/sub/mod.py': '',
  '/app/current': { link: 'releases/2' },
  '/app/releases/2/index.html': 'hi',
  '/app/dangling': { link: 'nowhere' },
  '/var/log/app/access.log': { link: '/dev/stdout' },
  '/var/lib/empty': { directory: true },
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  '/root/.profile': '',
  '/dev/null': '',
  '/tmp': { directory: true, mode: 0o1777 },
};
const TREE_PATHS = [...rootFsOf(TREE).entries()].map((entry) => entry.path);

async function plan(accesses: readonly Access[], tree = TREE, over: Partial<Parameters<typeof planKeep>[0]> = {}) {
  const input = { config: {}, keepSettings: { includes: [], excludes: [] }, signal: new AbortController().signal };
  const { keep, warnings } = await planKeep({ rootfs: rootFsOf(tree), accesses, ...input, ...over });
  return { keep, warnings, paths: keep.paths(), has: (path: string) => keep.has(toImagePath(path)) };
}

const anyAccess = fc
  .record({
    operation: fc.constantFrom<Operation>('open', 'stat', 'list', 'create', 'readlink', 'execute', 'remove'),
    path: fc.oneof(
      fc.constantFrom<string>(...TREE_PATHS),
      fc.constantFrom('/app/current/index.html', '/bin/sh', '/new/file', '/app/flag/x', '/proc/self/maps'),
    ),
    errno: fc.constantFrom(undefined, 'ENOENT', 'EACCES', 'ENOTDIR'),
    executable: fc.constantFrom(undefined, '/app/run', '/bin/sh'),
    pid: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ operation, path, errno, executable, pid }) =>
    accessOf(operation, path, {
      pid,
      ...(errno ? { errno } : {}),
      ...(executable ? { executable: toImagePath(executable) } : {}),
    }),
  );

describe('planKeep', () => {
  it('keeps what was used, with its directories, and nothing beside it', async () => {
    const { paths, has } = await plan([accessOf('open', '/app/flag.txt')]);
    expect(paths.filter((path) => path.startsWith('/app'))).toEqual(['/app', '/app/flag.txt']);
    expect(has('/app/flag')).toBe(false);
  });

  it('keeps a file that was only looked at', async () => {
    expect((await plan([accessOf('stat', '/app/flag')])).has('/app/flag')).toBe(true);
  });

  it('keeps the links on the way and what they lead to', async () => {
    const { paths } = await plan([accessOf('open', '/app/current/index.html')]);
    expect(paths.filter((path) => path.startsWith('/app/'))).toEqual([
      '/app/current',
      '/app/releases',
      '/app/releases/2',
      '/app/releases/2/index.html',
    ]);
  });

  it('keeps the directory that a path steps into and out of', async () => {
    const { paths } = await plan([accessOf('open', '/app/flag', { verbatim: '/app/conf.d/sub/../../flag' })]);
    expect(paths.filter((path) => path.startsWith('/app/'))).toEqual(['/app/conf.d', '/app/conf.d/sub', '/app/flag']);
  });

  it('keeps both ways, and says so, when the kernel was led elsewhere', async () => {
    const access = accessOf('open', '/app/flag', { resolved: toImagePath('/app/flag.txt') });
    const { has, warnings } = await plan([access]);
    expect([has('/app/flag'), has('/app/flag.txt')]).toEqual([true, true]);
    expect(warnings.join()).toContain('/app/flag led to /app/flag.txt');
  });

  it('keeps what the image has although the application removed it', async () => {
    const accesses = [accessOf('remove', '/app/flag'), accessOf('open', '/app/flag.txt', { errno: 'ENOENT' })];
    const { has } = await plan(accesses);
    expect([has('/app/flag'), has('/app/flag.txt')]).toEqual([true, true]);
  });

  it('keeps the directory in which a file was created, and the link it was created through', async () => {
    const accesses = [accessOf('create', '/var/lib/empty/new/file'), accessOf('create', '/var/log/app/access.log')];
    const { has, paths } = await plan(accesses);
    expect([has('/var/lib/empty'), has('/var/log/app/access.log')]).toEqual([true, true]);
    expect(paths).not.toContain('/dev/null');
  });

  it('keeps a directory that refused a look-up, and nothing for a look-up that found nothing', async () => {
    const accesses = [
      accessOf('stat', '/root/x', { errno: 'EACCES' }),
      accessOf('stat', '/var/x', { errno: 'ENOENT' }),
    ];
    const { has } = await plan(accesses);
    expect([has('/root'), has('/var')]).toEqual([true, false]);
  });

  it('keeps the interpreters of a script', async () => {
    const { has } = await plan([accessOf('execute', '/app/run')]);
    expect(['/usr/bin/env', '/usr/bin/python3', '/usr/bin/python3.11'].map(has)).toEqual([true, true, true]);
  });

  it('keeps the source of a compiled Python module, and the compiled form of a source', async () => {
    const cache = '/app/pkg/__pycache__/__init__.cpython-311.pyc';
    expect((await plan([accessOf('open', cache)])).has('/app/pkg/__init__.py')).toBe(true);
    expect((await plan([accessOf('stat', '/app/pkg/__init__.py')])).has(cache)).toBe(true);
  });

  it('keeps every child of a listed directory, sub-directories as such', async () => {
    const { paths } = await plan([accessOf('list', '/app/conf.d', { executable: toImagePath('/bin/sh') })]);
    expect(paths.filter((path) => path.startsWith('/app/conf.d/'))).toEqual([
      '/app/conf.d/a.conf',
      '/app/conf.d/b.conf',
      '/app/conf.d/sub',
    ]);
  });

  it('gives Python no empty directory where it looked for modules', async () => {
    const { has } = await plan([accessOf('list', '/app/pkg', { executable: toImagePath('/app/run') })]);
    expect([has('/app/pkg/lazy.py'), has('/app/pkg/sub')]).toEqual([true, false]);
  });

  it('gives Python no binding to a library that nothing used', async () => {
    const tree = {
      '/usr/lib/python3.11/lib-dynload/_used.so': elfOf({ needed: ['libused.so'] }),
      '/usr/lib/python3.11/lib-dynload/_unused.so': elfOf({ needed: ['libused.so', 'libunused.so'] }),
      '/usr/lib/libused.so': elfOf({}),
      '/usr/lib/libunused.so': elfOf({}),
    };
    const accesses = [accessOf('list', '/usr/lib/python3.11/lib-dynload'), accessOf('open', '/usr/lib/libused.so')];
    const { paths } = await plan(accesses, tree);
    expect(paths.filter((path) => path.endsWith('.so'))).toEqual([
      '/usr/lib/libused.so',
      '/usr/lib/python3.11/lib-dynload/_used.so',
    ]);
  });

  it('keeps nothing more where Python looked for modules beside a script', async () => {
    const tree = { ...TREE, '/usr/bin/other': { content: 'x', mode: 0o755 } };
    const { has, warnings } = await plan([accessOf('list', '/usr/bin', { executable: toImagePath('/app/run') })], tree);
    expect([has('/usr/bin/other'), warnings]).toEqual([false, []]);
  });

  it('names a listed directory that is too large to be kept', async () => {
    const tree: Record<string, Described> = { '/big/one': 'x' };
    for (let index = 0; index < 1100; index++) tree[`/big/${index}`] = '';
    const { paths, warnings } = await plan([accessOf('list', '/big'), accessOf('open', '/big/one')], tree);
    expect(paths.filter((path) => path.startsWith('/big'))).toEqual(['/big', '/big/one']);
    expect(warnings).toEqual([expect.stringMatching(/^\/big was listed.*1 of 1101 entries.*--include-path \/big/)]);
  });

  it('keeps what the configuration names: command, working directory, home, small volumes', async () => {
    const config = { Cmd: ['run'], Env: ['PATH=/app'], WorkingDir: '/var/lib/empty', Volumes: { '/app/conf.d': {} } };
    const { has } = await plan([], TREE, { config });
    const expected = ['/app/run', '/var/lib/empty', '/root', '/app/conf.d/sub/deep', '/tmp', '/bin', '/etc/passwd'];
    expect(expected.map(has)).toEqual(expected.map(() => true));
    expect([has('/root/.profile'), has('/dev/null')]).toEqual([false, false]);
  });

  it('keeps what a replay missed, with the link it was missed through', async () => {
    const reason = { kind: 'healed', round: 1, syscall: 'openat', phase: 'start' } as const;
    const healed = [{ path: toImagePath('/app/current/index.html'), reason }];
    const { has, keep } = await plan([], TREE, { healed });
    expect([has('/app/current'), has('/app/releases/2/index.html')]).toEqual([true, true]);
    expect(keep.reasonsFor(toImagePath('/app/current'))[0]).toEqual(reason);
  });

  it('keeps no path without a reason or without the directory it is in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyAccess, { maxLength: 12 }), async (accesses) => {
        const { keep, paths } = await plan(accesses);
        for (const path of paths) {
          expect(keep.reasonsFor(path)).not.toEqual([]);
          expect(keep.has(parentOf(path))).toBe(true);
          expect(TREE_PATHS).toContain(path);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never keeps less for more accesses', async () => {
    const some = fc.array(anyAccess, { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(some, some, async (accesses, others) => {
        const { has } = await plan([...accesses, ...others]);
        for (const path of (await plan(accesses)).paths) expect(has(path)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same paths and reasons for every order of the accesses', async () => {
    const shuffled = fc
      .array(anyAccess, { maxLength: 10 })
      .chain((accesses) =>
        fc.tuple(fc.constant(accesses), fc.shuffledSubarray(accesses, { minLength: accesses.length })),
      );
    await fc.assert(
      fc.asyncProperty(shuffled, async ([accesses, others]) => {
        const [a, b] = [await plan(accesses), await plan(others)];
        expect(b.paths).toEqual(a.paths);
        expect(b.warnings).toEqual(a.warnings);
        for (const path of a.paths) expect(b.keep.reasonsFor(path)).toEqual(a.keep.reasonsFor(path));
      }),
      { numRuns: 60 },
    );
  });
});
