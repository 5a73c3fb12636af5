import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readReport } from '../../../src/report/read.ts';
import { saveReport } from '../../../src/report/write.ts';
import { latestReportPath } from '../../../src/state.ts';
import { reportOf } from '../../support/report.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'));
  vi.stubEnv('TRACE_SLIM_HOME', join(folder, 'state'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('a saved report is read back equal, from where it was asked for and as the latest', async () => {
  const report = reportOf({ warnings: ['one'] });
  const path = join(folder, 'report.json');
  expect(await saveReport(report, path)).toBe(path);
  expect(await readReport(path)).toEqual(report);
  expect(await readReport(latestReportPath())).toEqual(report);
});

test('without a file of its own the report is the latest one', async () => {
  expect(await saveReport(reportOf())).toBe(join(folder, 'state', 'latest-report.json'));
});

test('nothing but the report is left in its folder', async () => {
  await saveReport(reportOf(), join(folder, 'report.json'));
  expect((await readdir(folder)).sort()).toEqual(['report.json', 'state']);
});

test('a report that cannot be written keeps the earlier one and names the file', async () => {
  const path = join(folder, 'missing', 'report.json');
  await expect(saveReport(reportOf(), path)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: `cannot write report ${path}`,
  });
});

test.each([
  ['no JSON', '{', 'not JSON'],
  ['another version', JSON.stringify({ ...reportOf(), schemaVersion: 2 }), 'schema version 1'],
  ['a member of the wrong type', JSON.stringify({ ...reportOf(), kept: [{ path: 1 }] }), 'schema version 1'],
])('a file with %s is refused', async (_what, text, message) => {
  const path = join(folder, 'bad.json');
  await writeFile(path, text);
  await expect(readReport(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message),
  });
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('a missing report says how to get one', async () => {
  await expect(readReport(join(folder, 'none.json'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('no such file'),
  });
});
