import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expandParamsFiles } from '../../../src/cli/params-file.ts';

let file: string;

beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), 'params-')), 'params.json');
});

afterAll(() => rm(join(file, '..'), { recursive: true }));

test('a file of parameters stands for its options, in its place', async () => {
  const params = {
    target: 'x.tar',
    httpProbe: false,
    include_path: ['/a b', '/c'],
    '--http-crawl-max-depth': 2,
    tag: null,
  };
  await writeFile(file, JSON.stringify(params));
  const options = [
    '--target=x.tar',
    '--http-probe=false',
    '--include-path=/a b',
    '--include-path=/c',
    '--http-crawl-max-depth=2',
  ];
  expect(await expandParamsFiles(['build', '--command-params-file', file, '-q'])).toEqual(['build', ...options, '-q']);
  expect(await expandParamsFiles([`--command-params-file=${file}`, 'build'])).toEqual([...options, 'build']);
});

test('behind -- it is a word like any other', async () => {
  const argv = ['build', '--', '--command-params-file', 'x'];
  expect(await expandParamsFiles(argv)).toEqual(argv);
});

test.each(['[]', 'target: x', '{"env":{"A":"b"}}', '"x"'])('%s is no file of parameters', async (text) => {
  await writeFile(file, text);
  await expect(expandParamsFiles(['--command-params-file', file])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a file that is not there is wrong usage', async () => {
  await expect(expandParamsFiles(['--command-params-file', '/nowhere'])).rejects.toMatchObject({
    code: 'USAGE_INVALID',
  });
  await expect(expandParamsFiles(['--command-params-file'])).rejects.toMatchObject({ code: 'USAGE_INVALID' });
});
