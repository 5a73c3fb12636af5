import { expect, test } from 'vitest';
import { formatOutputs, formatReport } from '../../../src/report/text.ts';
import { outcome, reportOf } from '../../support/report.ts';

const PLAIN = { width: Number.POSITIVE_INFINITY, color: false, reportPath: '/state/latest-report.json' };
const DIGEST = `sha256:${'ab'.repeat(32)}`;

test('a verified report reads from the verdict to what can be done next', () => {
  expect(formatReport(reportOf(), PLAIN).split('\n')).toEqual([
    'verified  1 of 1 probe the same on the fat and the slim image',
    '',
    '        fat       slim',
    'size    264.1 MB  9.9 MB  26.7 times smaller',
    'paths   7,123     212',
    'layers  3         1',
    '',
    'probe          fat                        slim',
    'http GET :80/  200 text/html 612 B, 4 ms  200 text/html 612 B, 3 ms  same',
    '',
    'trace     812 ms',
    'verify    1.30 s',
    'total     2.11 s',
    '',
    `image   docker-archive:nginx.slim.tar  ${DIGEST}`,
    'tags    nginx.slim:latest',
    'report  /state/latest-report.json',
    '',
    'next:',
    '  docker load -i nginx.slim.tar',
    '  trace-slim explain /usr/sbin/nginx',
  ]);
});

test('a difference is shown with the lines that differ, and no image is claimed', () => {
  const probe = 'exec tool --version';
  const report = reportOf({
    status: 'differs',
    outputs: [],
    tags: [],
    probes: [
      {
        probe,
        fat: outcome(probe, 'exit 0', 20),
        slim: outcome(probe, 'exit 1', 10),
        equal: false,
        differences: [{ fact: 'stdout', fat: 'tool 1.0\n', slim: '', diff: '-tool 1.0\n' }],
      },
    ],
  });
  const lines = formatReport(report, PLAIN).split('\n');
  expect(lines[0]).toBe('DIFFERS  0 of 1 probe the same on the fat and the slim image');
  expect(lines).toContain('exec tool --version  exit 0, 20 ms  exit 1, 10 ms  DIFFERS');
  expect(lines.slice(lines.indexOf(`difference in ${probe}`)).slice(0, 3)).toEqual([
    `difference in ${probe}`,
    '  stdout:',
    '    -tool 1.0',
  ]);
  expect(lines).toContain('image   none written');
  expect(lines.join('\n')).not.toContain('docker load');
});

test('what was missing is listed by round, the first ten of each', () => {
  const misses = Array.from({ length: 12 }, (_, index) => ({
    path: `/app/t${index}.html`,
    syscall: 'openat',
    errno: 'ENOENT',
    executable: '/usr/bin/python3',
    phase: 'http GET :80/',
    kind: 'failed' as const,
    lacks: [],
    altered: [],
    excludedBy: null,
  }));
  const lines = formatReport(
    reportOf({ rounds: [{ round: 1, misses, durationMs: 900, added: { paths: 14, sizeBytes: 3_000 } }] }),
    PLAIN,
  ).split('\n');
  const start = lines.indexOf('round 1: 12 paths missed, 14 paths put back (3.0 kB), 900 ms');
  expect(lines[start + 1]).toBe('  /app/t0.html  openat ENOENT by /usr/bin/python3 during http GET :80/');
  expect(lines[start + 11]).toBe('  … 2 more paths in the report');
  expect(lines).toContain('  trace-slim explain /app/t0.html');
});

test('an image that was not run is not called verified', () => {
  const text = formatReport(reportOf({ status: 'not-verified' }), PLAIN);
  expect(text).toMatch(/^NOT verified {2}the slim image was not run/);
});

test('losses of the trace and warnings are shown', () => {
  const trace = { ...reportOf().trace, complete: false, losses: ['the tracer was killed'] };
  const text = formatReport(reportOf({ trace, warnings: ['port 9090 was never probed'] }), PLAIN);
  expect(text).toContain('warning: incomplete trace: the tracer was killed\nwarning: port 9090 was never probed');
});

test('what an image says about itself cannot drive the terminal', () => {
  const probe = 'exec \u001b[2J';
  const [row] = reportOf().probes;
  const report = reportOf({ probes: row ? [{ ...row, probe, fat: outcome(probe, '\u001b]0;x\u0007', 1) }] : [] });
  const text = formatReport(report, PLAIN);
  expect(text).not.toContain('\u001b');
  expect(text).toContain('exec \\x1b[2J');
});

test('no line is wider than the terminal, and destinations stay whole', () => {
  const [row] = reportOf().probes;
  const probe = `exec ${'long '.repeat(60)}`;
  const report = reportOf({ probes: row ? [{ ...row, probe }] : [] });
  const lines = formatReport(report, { ...PLAIN, width: 60 }).split('\n');
  expect(Math.max(...lines.slice(1).map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines).toContain('image   docker-archive:nginx.slim.tar  sha256:ababababababa…'.slice(0, 60));
});

test('colour changes nothing but escape sequences', () => {
  const coloured = formatReport(reportOf(), { ...PLAIN, color: true });
  expect(coloured).toContain('\u001b[32mverified\u001b[39m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken out
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(formatReport(reportOf(), PLAIN));
});

test('the short form is each destination with its digest', () => {
  expect(formatOutputs(reportOf())).toBe(`docker-archive:nginx.slim.tar ${DIGEST}`);
});

test('a miss says what is missing or otherwise, and what was used and is not the same is listed', () => {
  const lookup = { syscall: 'openat', executable: null, phase: 'start', kind: 'failed' as const, excludedBy: null };
  const mode = { what: 'mode', fat: '0644', slim: '0600' };
  const misses = [
    { ...lookup, path: '/run.sh', errno: 'ENOENT', lacks: ['/bin/sh'], altered: [] },
    { ...lookup, path: '/a', errno: 'ENOENT', lacks: ['/a'], altered: [] },
    { ...lookup, path: '/b', errno: 'EACCES', lacks: [], altered: [{ path: '/b', ...mode }] },
    { ...lookup, path: '/d/c', errno: 'EACCES', lacks: [], altered: [{ path: '/d', ...mode }] },
  ];
  const rounds = [{ round: 1, misses, durationMs: 900, added: { paths: 0, sizeBytes: 0 } }];
  const altered = {
    total: 12,
    paths: [{ path: '/b', ...mode }, ...Array.from({ length: 11 }, () => ({ path: '/x', ...mode }))],
  };
  const lines = formatReport(reportOf({ status: 'differs', rounds, altered }), PLAIN).split('\n');
  const at = lines.indexOf('round 1: 4 paths missed, 900 ms');
  expect(lines.slice(at + 1, at + 5)).toEqual([
    '  /run.sh  openat ENOENT during start: /bin/sh missing',
    '  /a  openat ENOENT during start',
    '  /b  openat EACCES during start: mode 0600 instead of 0644',
    '  /d/c  openat EACCES during start: /d has mode 0600 instead of 0644',
  ]);
  const used = lines.indexOf('used by the probes, and not the same on the slim image:');
  expect(lines[used + 1]).toBe('  /b  mode 0600 instead of 0644');
  expect(lines[used + 11]).toBe('  … 2 more differences in the report');
});

test('an archive is loaded by its path, without the name that its destination gives', () => {
  const outputs = [{ destination: 'docker-archive:x y.tar:shop:2', digest: 'sha256:1' }];
  const text = formatReport(reportOf({ outputs }), { width: 200, color: false, reportPath: 'r.json' });
  expect(text).toContain("\n  docker load -i 'x y.tar'\n");
});

test('of two images that were only compared nothing is said to be written or explained, and a larger one is called that', () => {
  const lines = formatReport(reportOf({ status: 'differs', outputs: [], kept: [], reduction: 0.5 }), PLAIN).split('\n');
  expect(lines.find((line) => line.startsWith('size'))).toContain('2.0 times larger');
  expect(lines.join('\n')).not.toMatch(/explain|none written/);
});

test('what the tracer may not have seen is said', () => {
  const trace = { ...reportOf().trace, losses: ['a log is gone'], notes: ['a program mounted file systems'] };
  const lines = formatReport(reportOf({ trace }), PLAIN).split('\n');
  expect(lines).toContain('warning: incomplete trace: a log is gone');
  expect(lines).toContain('warning: a program mounted file systems');
});
