import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLocalEngine } from '../../src/engine/local/local-engine.ts';
import { leftovers, temporaryDirectory } from '../support/engine.ts';

const { signal } = new AbortController();

test('an engine that ends leaves alone what is still mounted below its folder, also behind a link', async () => {
  using work = temporaryDirectory();
  const file = join(work.path, 'own', 'file');
  mkdirSync(join(work.path, 'own'));
  mkdirSync(join(work.path, 'state'));
  writeFileSync(file, 'mine');
  symlinkSync(join(work.path, 'state'), join(work.path, 'link'));
  const engine = await openLocalEngine(join(work.path, 'link'), { signal });
  const forgotten = join(engine.scratchDirectory, 'forgotten');
  mkdirSync(forgotten);
  execFileSync('mount', ['--bind', join(work.path, 'own'), forgotten]);
  await engine[Symbol.asyncDispose]();
  expect(existsSync(file)).toBe(true);
  expect(leftovers(join(work.path, 'state'))).toMatchObject({ mounts: [], runs: [] });
});
