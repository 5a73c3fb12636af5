import { expect, it } from 'vitest';
import { stepSummary } from '../../../src/report/step-summary.ts';
import { failureOf, outcome, reportOf } from '../../support/report.ts';

it('a verified report is a heading, sizes, where the image is, and the probes', () => {
  expect(stepSummary(reportOf()).split('\n')).toEqual([
    '### ✅ Verified: `docker-archive:nginx.tar`',
    '',
    '|  | fat | slim |  |',
    '| --- | --- | --- | --- |',
    '| size | 264.1 MB | 9.9 MB | 26.7 times smaller |',
    '| paths | 7123 | 212 |  |',
    '',
    `Written: \`docker-archive:nginx.slim.tar\` \`sha256:${'ab'.repeat(32)}\``,
    '',
    '| probe | fat | slim |  |',
    '| --- | --- | --- | --- |',
    '| `http GET :80/` | `200 text/html 612 B` 4 ms | `200 text/html 612 B` 3 ms | same |',
    '',
  ]);
});

it('what differs comes first, with the smallest difference', () => {
  const [same] = reportOf().probes;
  const page = 'http GET :80/page';
  const differences = [{ fact: 'status', fat: '200', slim: '404', diff: '- 200\n+ 404' }];
  const row = { probe: page, fat: outcome(page, '200', 1), slim: outcome(page, '404', 1), equal: false, differences };
  const probes = same ? [same, row] : [];
  const text = stepSummary(reportOf({ status: 'differs', probes, suspicion: { probe: page, lookups: [] } }));
  expect(text).toMatch(/^### ❌ Differs/);
  expect(text.indexOf('**differs**')).toBeLessThan(text.indexOf('| same |'));
  expect(text).toContain('````diff\nstatus:\n- 200\n+ 404\n````');
});

it('is bounded, and nothing an image says ends a table, a code span or a fence', () => {
  const [row] = reportOf().probes;
  const probe = 'exec `x` | y\n````\n# z';
  const differences = [{ fact: 'stdout', fat: '', slim: '', diff: `\`\`\`\`\n${'x'.repeat(100_000)}` }];
  const rows = row ? Array.from({ length: 500 }, () => ({ ...row, probe, equal: false, differences })) : [];
  const text = stepSummary(reportOf({ status: 'differs', probes: rows, suspicion: { probe, lookups: [] } }));
  expect(text.length).toBeLessThan(40_000);
  expect(text).toContain('| `exec  x    y      # z` |');
  expect(text.match(/^````/gm)).toHaveLength(2);
});

it('a run without a result says what ended it, what to try, and which probes failed, those first', () => {
  expect(stepSummary(failureOf()).split('\n')).toEqual([
    '### ❌ No result: `docker-archive:nginx.tar`',
    '',
    'Exit status 3, `PROBE_FAILED`',
    '',
    '````',
    'error: a probe fails on the original image: exec x: exit 1',
    'it printed last:',
    '  no config',
    'hint: Mend it.',
    '````',
    '',
    '| probe | fat | slim |  |',
    '| --- | --- | --- | --- |',
    '| `exec x` | `exit 1` 20 ms | - | **fails** |',
    '| `http GET :80/` | `200 text/html 612 B` 4 ms | - | - |',
    '',
  ]);
});

it('what is over budget is not headed as good', () => {
  const budgets = [{ budget: 'size>1', actual: 2, isExceeded: true, paths: [] }];
  expect(stepSummary(reportOf({ budgets }))).toMatch(/^### ❌ Over budget: /);
  expect(stepSummary(reportOf({ budgets, status: 'differs' }))).toMatch(/^### ❌ Differs: /);
});
