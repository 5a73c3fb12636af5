import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readFatBuild } from '../../../src/cli/fat-build-settings.ts';
import { temporaryDirectory } from '../../support/engine.ts';

test('the argument is the folder to build from, and gives the image its name', () => {
  using folder = temporaryDirectory();
  writeFileSync(join(folder.path, 'My.Dockerfile'), '');
  const build = readFatBuild(folder.path, { dockerfile: 'My.Dockerfile' }, {});
  expect(build).toMatchObject({ contextDirectory: folder.path, dockerfile: join(folder.path, 'My.Dockerfile') });
  expect(build.name).toMatch(/^trace-slim-test-\w+\.fat$/);
  expect(build.isTemporary).toBe(false);
});

test('a Dockerfile that is not in the folder is one of the current folder', () => {
  using folder = temporaryDirectory();
  const build = readFatBuild(undefined, { dockerfile: 'package.json', dockerfileContext: folder.path }, {});
  expect(build).toMatchObject({ contextDirectory: folder.path, dockerfile: resolve('package.json') });
});

test.each([
  [{ tag: ['reg:5000/app:1', 'b'] }, 'reg:5000/app.fat:1'],
  [{ tag: ['reg:5000/app'] }, 'reg:5000/app.fat'],
  [{ tag: ['app:1'], tagFat: 'big:1' }, 'big:1'],
])('the image is named after the slim one, or as asked for: %j', (options, name) => {
  expect(readFatBuild('.', { dockerfile: 'Dockerfile', ...options }, {}).name).toBe(name);
});

test('arguments of the build may have their values from here', () => {
  const cboBuildArg = ['A=1=2', 'HOME', 'NONE'];
  expect(readFatBuild('.', { dockerfile: 'D', cboBuildArg }, { HOME: '/h' }).args).toEqual({ A: '1=2', HOME: '/h' });
});

test('two folders are one too many', () => {
  expect(() => readFatBuild('a', { dockerfile: 'D', dockerfileContext: 'b' }, {})).toThrow(
    'besides --dockerfile-context',
  );
});
