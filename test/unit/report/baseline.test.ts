import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readBaseline } from '../../../src/report/baseline.ts';
import { reportOf } from '../../support/report.ts';

const folder = mkdtempSync(join(tmpdir(), 'baseline-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

it('a report knows the paths it says are kept, and no others', async () => {
  const knows = await readBaseline(file('report.json', JSON.stringify(reportOf())));
  expect(['/usr/sbin/nginx', '/usr/sbin/nginx/x', '/usr/bin/perl'].map(knows)).toEqual([true, false, false]);
});

it('a list knows what it names, what is below that, and what its globs match', async () => {
  const knows = await readBaseline(file('list.txt', '# plan\n/etc/ssl/\n/usr/lib/*.so\n/bin/sh\n'));
  expect(['/etc/ssl/certs/a.pem', '/usr/lib/a.so', '/bin/sh'].map(knows)).toEqual([true, true, true]);
  expect(['/etc/passwd', '/usr/lib/x/a.so', '/bin/shell'].map(knows)).toEqual([false, false, false]);
});

it('a file that is not there is an error of the command line', async () => {
  await expect(readBaseline(join(folder, 'none'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

it('a report of an earlier version, with other members than today, will do', async () => {
  const { schemaVersion, tool, kept } = reportOf();
  const paths = kept.map(({ path }) => ({ path }));
  const knows = await readBaseline(file('old.json', `\ufeff${JSON.stringify({ schemaVersion, tool, kept: paths })}`));
  expect(knows('/usr/sbin/nginx')).toBe(true);
});

it.each([
  ['', 'it names no path'],
  ['# nothing\n\n', 'it names no path'],
  ['version https://git-lfs.github.com/spec/v1', 'it names no path'],
  ['{"schemaVersion":1,', 'it is damaged JSON'],
  [JSON.stringify({ ...reportOf(), schemaVersion: 2 }), 'it is no report of a build'],
  ['{"status":"error"}', 'it is no report of a build'],
  [JSON.stringify(reportOf({ kept: [] })), 'it is a report in which nothing is kept'],
])('%s is no baseline', async (text, why) => {
  const path = file('wrong', text);
  await expect(readBaseline(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `cannot use baseline ${path}: ${why}`,
    hint: expect.stringContaining('one path a line'),
  });
});
