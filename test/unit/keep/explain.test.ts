import { describe, expect, it } from 'vitest';
import { explainPath, reasonText } from '../../../src/keep/explain.ts';
import type { KeptPath, Report } from '../../../src/report/report.ts';
import { toImagePath } from '../../../src/rootfs/path.ts';

const traced = reasonText({
  kind: 'traced',
  operation: 'open',
  syscall: 'openat',
  asked: toImagePath('/lib/\xc3\xa9'),
  executable: toImagePath('/bin/sh'),
  pid: 7,
  phase: 'http GET :80/',
});

const row = (path: string, ...reasons: KeptPath['reasons']): KeptPath => ({
  path,
  type: 'file',
  sizeBytes: 3,
  reasons,
});
const rule = (from: string) => ({ kind: 'rule' as const, text: `shared library needed by ${from} (rule x)`, from });

const report = {
  fat: { source: 'docker-archive:fat.tar' },
  kept: [
    row('/bin/sh', traced),
    row('/lib/a', rule('/bin/sh')),
    row('/lib/b', rule('/lib/a')),
    row('/loop', rule('/loop')),
  ],
  removed: [
    { package: 'tools', version: '1.2', sizeBytes: 9, keptFiles: 2, paths: ['/usr/bin/tool', '/lib/c'] },
    { package: null, version: null, sizeBytes: 1, keptFiles: 0, paths: ['/opt', '/etc/a'] },
  ],
  excluded: [{ pattern: '/etc/*', paths: ['/etc/a'] }],
  rounds: [{ misses: [{ path: '/etc/a', syscall: 'openat', executable: '/bin/sh', phase: 'start' }] }],
} as unknown as Report;

describe('reasonText', () => {
  it('names the program, the probe, the call and the path as displayed', () => {
    expect(traced).toEqual({ kind: 'traced', text: 'opened by /bin/sh during http GET :80/ (openat /lib/é)' });
  });

  it('tells what a rule followed from, and what a user or a replay asked for', () => {
    const from = toImagePath('/bin/sh');
    expect(reasonText({ kind: 'rule', rule: 'shebang', because: 'interpreter of', from })).toEqual({
      kind: 'rule',
      text: 'interpreter of /bin/sh (rule shebang)',
      from: '/bin/sh',
    });
    expect(reasonText({ kind: 'user', option: '--include-path', pattern: '/a*' }).text).toContain('--include-path /a*');
    expect(reasonText({ kind: 'healed', round: 2, syscall: 'stat', phase: 'start' }).text).toContain('round 2');
  });
});

describe('explainPath', () => {
  it('follows a kept path back to what was traced', () => {
    const lines = explainPath(report, '/lib/b').split('\n');
    expect(lines[0]).toMatch(/^\/lib\/b is kept/);
    expect(lines.findIndex((line) => line.includes('/lib/a is kept'))).toBeGreaterThan(0);
    expect(lines.at(-1)).toContain('openat');
  });

  it('ends also where reasons go in a circle', () => {
    expect(explainPath(report, '/loop')).toContain('/loop is kept');
  });

  it('names the package of a removed path', () => {
    expect(explainPath(report, '/usr/bin/tool')).toMatch(/is removed.*package tools 1\.2, of which 2 files are kept/);
    expect(explainPath(report, '/opt')).toContain('No package owns it');
  });

  it('names the pattern that leaves a path out, and who misses it', () => {
    expect(explainPath(report, '/etc/a')).toBe(
      '/etc/a is removed: --exclude-pattern /etc/* leaves it out.\nThe slim image misses it: openat by /bin/sh during start.',
    );
  });

  it('says when the image has no such path', () => {
    expect(explainPath(report, '/none')).toBe('/none is not in the image docker-archive:fat.tar');
  });
});
