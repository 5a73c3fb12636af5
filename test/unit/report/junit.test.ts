import { expect, it } from 'vitest';
import { junitXml } from '../../../src/report/junit.ts';
import type { Report } from '../../../src/report/report.ts';
import { failureOf, outcome, reportOf } from '../../support/report.ts';

const differs: Partial<Report> = {
  status: 'differs',
  probes: [
    {
      ...{
        probe: 'exec <x> \u001b[2J',
        fat: outcome('p', 'exit 0', 20),
        slim: outcome('p', 'exit 1', 1500),
        equal: false,
      },
      differences: [{ fact: 'stdout', fat: 'a', slim: 'b', diff: '- a & a\n+ b ]]> ]]>' }],
    },
  ],
};

it('a probe, the look-ups and each budget are a test case', () => {
  const xml = junitXml(reportOf());
  expect(xml).toMatch(/<testsuite name="trace-slim docker-archive:nginx.tar".* tests="2" failures="0"/);
  expect(xml).toContain('name="http GET :80/"');
  expect(xml).toContain('name="look-ups"');
});

it('a difference fails, with what was found and where it parts', () => {
  const xml = junitXml(reportOf(differs));
  expect(xml).toMatch(/failures="1"/);
  expect(xml).toContain('exit 0 on the fat image, exit 1 on the slim one');
  expect(xml).toContain('- a & a');
  expect(xml).toContain('time="1.5"');
});

it('what an image says breaks no XML', () => {
  const xml = junitXml(reportOf(differs));
  expect(xml).toContain('name="exec &lt;x> \\x1b[2J"');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  expect(xml).toContain('+ b ]]\\x3e ]]\\x3e]]></failure>');
});

it('what was missed, not run or costs too much is told', () => {
  const [row] = reportOf().probes;
  const lookup = { path: '/x', syscall: 'openat', errno: 'ENOENT', executable: null, phase: 'start' };
  const misses = [{ ...lookup, kind: 'failed' as const, lacks: [], altered: [], excludedBy: null }];
  const budgets = [{ budget: 'size>1', actual: 2, isExceeded: true, paths: [] }];
  const rounds = [{ round: 1, misses, durationMs: 1, added: { paths: 0, sizeBytes: 0 } }];
  const probes = row ? [{ ...row, slim: null, equal: null }] : [];
  const xml = junitXml(reportOf({ rounds, budgets, probes }));
  expect(xml).toContain('1 missed on the slim image');
  expect(xml).toContain('/x  openat ENOENT during start');
  expect(xml).toContain('<skipped/>');
  expect(xml).toContain('it is 2 B');
});

it('of a run without a result, probes that failed are failures with what to try, and the others are skipped', () => {
  const xml = junitXml(failureOf());
  expect(xml).toMatch(
    /<testsuite name="trace-slim docker-archive:nginx.tar".* tests="2" failures="1" errors="0" skipped="1"/,
  );
  expect(xml).toContain('<failure message="exit 1 on the original image" type="PROBE_FAILED">');
  expect(xml).toContain('it printed last:\n  no config\nhint: Mend it.');
});

it('a run that ended for another reason is an error that says what failed and what to try', () => {
  const error = { code: 'IMAGE_NOT_FOUND', message: 'no image "x"', hint: 'Look again.', context: {} };
  const xml = junitXml(failureOf({ error, probes: [], failedProbes: [] }));
  expect(xml).toMatch(/ tests="1" failures="0" errors="1"/);
  expect(xml).toContain('<error message="no image &quot;x&quot;; Look again." type="IMAGE_NOT_FOUND">');
});

it('characters outside of the basic plane stay; halves of them do not', () => {
  const [row] = reportOf().probes;
  const probes = row ? [{ ...row, probe: 'exec 😀 \ud83d \uffff' }] : [];
  expect(junitXml(reportOf({ probes }))).toContain('name="exec 😀 \ufffd \ufffd"');
});
