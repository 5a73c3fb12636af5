import type { Outcome } from '../../src/probe/types.ts';
import type { FailureReport, Report } from '../../src/report/report.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

export function outcome(probe: string, summary: string, durationMs: number): Outcome {
  return { probe, ok: true, summary, durationMs, facts: [] };
}

/** A verified report of an nginx image; `changes` replace whole members. */
export function reportOf(changes: Partial<Report> = {}): Report {
  const get = 'http GET :80/';
  return {
    schemaVersion: 1,
    tool: { name: 'trace-slim', version: '1.2.3' },
    status: 'verified',
    fat: {
      source: 'docker-archive:nginx.tar',
      digest: DIGEST,
      platform: 'linux/amd64',
      layers: 3,
      sizeBytes: 264_100_000,
      entries: 7123,
    },
    slim: {
      source: 'docker-archive:nginx.slim.tar',
      digest: DIGEST,
      platform: 'linux/amd64',
      layers: 1,
      sizeBytes: 9_900_000,
      entries: 212,
    },
    reduction: 264.1 / 9.9,
    outputs: [{ destination: 'docker-archive:nginx.slim.tar', digest: DIGEST }],
    tags: ['nginx.slim:latest'],
    engine: 'local',
    tracer: 'strace',
    tracing: 'wrap',
    stages: [
      { stage: 'trace', durationMs: 812 },
      { stage: 'verify', durationMs: 1300 },
    ],
    trace: { complete: true, losses: [], notes: [], lines: 900, unparsedLines: 0, unparsedSamples: [], accesses: 321 },
    probes: [
      {
        probe: get,
        fat: outcome(get, '200 text/html 612 B', 4),
        slim: outcome(get, '200 text/html 612 B', 3),
        equal: true,
        differences: [],
      },
    ],
    rounds: [],
    suspicion: null,
    altered: { total: 0, paths: [] },
    logErrors: [],
    unstable: { total: 0, paths: [] },
    budgets: [],
    kept: [
      {
        path: '/usr/sbin/nginx',
        type: 'file',
        sizeBytes: 1_200_000,
        reasons: [{ kind: 'traced', text: 'executed at the start (execve "/usr/sbin/nginx")' }],
      },
    ],
    removed: [{ package: 'perl', version: '5.36', sizeBytes: 40_000_000, keptFiles: 0, paths: ['/usr/bin/perl'] }],
    excluded: [],
    permissions: [],
    warnings: [],
    ...changes,
  };
}

/** A run of an nginx image that ended because one of two probes failed; `changes` replace whole members. */
export function failureOf(changes: Partial<FailureReport> = {}): FailureReport {
  const row = { slim: null, equal: null, differences: [] };
  return {
    schemaVersion: 1,
    tool: { name: 'trace-slim', version: '1.2.3' },
    status: 'error',
    exitStatus: 3,
    error: {
      code: 'PROBE_FAILED',
      message: 'a probe fails on the original image: exec x: exit 1',
      hint: 'Mend it.',
      context: { log: 'no config' },
    },
    source: 'docker-archive:nginx.tar',
    probes: [
      { ...row, probe: 'http GET :80/', fat: outcome('http GET :80/', '200 text/html 612 B', 4) },
      { ...row, probe: 'exec x', fat: { ...outcome('exec x', 'exit 1', 20), ok: false } },
    ],
    failedProbes: ['exec x'],
    ...changes,
  };
}
