import { expect, it } from 'vitest';
import { factsOf } from '../../../src/keep/facts.ts';
import { nameInterpreters } from '../../../src/keep/lacking.ts';
import { findMisses } from '../../../src/keep/missed.ts';
import { accessOf } from '../../support/accesses.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';

it('a script that is there and cannot be started names the interpreter that is missing, through links', async () => {
  const fatRootfs = rootFsOf({
    '/run.sh': { content: '#!/bin/sh -e\n', mode: 0o755 },
    '/bin': { link: 'usr/bin' },
    '/usr/bin/sh': { link: 'dash' },
    '/usr/bin/dash': { content: 'program', mode: 0o755 },
  });
  const missing = new Set(['/bin', '/usr/bin/dash']);
  const keep = { has: (path: string) => !missing.has(path) };
  const started = accessOf('execute', '/run.sh');
  const failed = { ...started, errno: 'ENOENT' };
  const misses = findMisses({ fatRootfs, slimRootfs: fatRootfs, keep, fatAccesses: [started], accesses: [failed] });
  const { signal } = new AbortController();
  const named = await nameInterpreters(misses, factsOf(fatRootfs, {}), { keep, signal });
  expect(named).toMatchObject([{ path: '/run.sh', lacks: ['/bin', '/usr/bin/dash'] }]);
});
