import { expect, test } from 'vitest';
import { formatClean, formatDiagnosis, formatTrace } from '../../../src/report/result-text.ts';
import { outcome } from '../../support/report.ts';

const PLAIN = { width: 80, color: false };

test('a failed check is followed by what to do about it', () => {
  const checks = [
    { name: 'runc', ok: true, detail: '1.1.5' },
    { name: 'strace', ok: false, detail: 'not found', hint: 'apt-get install strace' },
  ];
  const local = { usable: false, checks };
  expect(formatDiagnosis({ usable: false, local, daemons: [] }, PLAIN).split('\n')).toEqual([
    'NOT usable  no engine can build images here',
    '',
    'the built-in engine',
    '✓  runc    1.1.5',
    '✗  strace  not found',
    '   hint: apt-get install strace',
  ]);
});

test('every daemon that was looked for is shown, and one that answers makes the host usable', () => {
  const local = { usable: false, checks: [] };
  const daemons = [
    { origin: 'DOCKER_HOST', address: 'tcp://h:1', ok: false, detail: 'refused', hint: 'start it' },
    { origin: 'Docker', address: 'unix:///d.sock', ok: true, detail: 'docker 20.10, API 1.41' },
  ];
  expect(formatDiagnosis({ usable: true, local, daemons }, PLAIN).split('\n')).toEqual([
    'usable  images can be built here with docker 20.10 at unix:///d.sock',
    '',
    'daemons, in the order they are tried',
    '✗  DOCKER_HOST  tcp://h:1       refused',
    '   hint: start it',
    '✓  Docker       unix:///d.sock  docker 20.10, API 1.41',
  ]);
});

test('cleaning says what is gone, what stayed and how much that freed', () => {
  const report = { removed: ['container a1'], kept: ['container b2: in use'], freedBytes: 2_000_000 };
  expect(formatClean(report)).toBe('removed container a1\nkept    container b2: in use\n2.0 MB freed');
  expect(formatClean({ removed: [], kept: [], freedBytes: 0 })).toBe('nothing to remove');
});

test('a trace says whether it is whole, what the probes gave and where it is', () => {
  const completeness = {
    complete: false,
    losses: ['3 lines could not be read'],
    notes: [],
    lines: 1200,
    unparsedLines: 3,
    unparsedSamples: [],
  };
  const summary = {
    source: 'x.tar',
    outputPath: 'trace.jsonl',
    accesses: 1,
    completeness,
    outcomes: [outcome('exec true', 'exit 0', 5)],
  };
  expect(formatTrace(summary, PLAIN).split('\n')).toEqual([
    'INCOMPLETE  1 distinct file access from 1,200 lines',
    'warning: 3 lines could not be read',
    'exec true  exit 0  5 ms',
    'trace   trace.jsonl',
  ]);
});
