import { expect, test } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import type { PathsSettings, TraceSettings, VerifySettings } from '../../../src/settings.ts';
import { reportOf } from '../../support/report.ts';
import type { Pipeline } from '../../support/session.ts';
import { fakeSession } from '../../support/session.ts';

test('--json prints the report and nothing else on stdout', async () => {
  const session = fakeSession({ buildSlim: async () => reportOf() });
  expect(await runProgram(['build', 'x.tar', '--json'], session)).toBe(0);
  expect(JSON.parse(session.printed.stdout)).toEqual(reportOf());
});

test('--quiet prints where the image is', async () => {
  const session = fakeSession({ buildSlim: async () => reportOf() });
  await runProgram(['-q', 'build', 'x.tar'], session);
  expect(session.printed).toEqual({
    stdout: `docker-archive:nginx.slim.tar sha256:${'ab'.repeat(32)}\n`,
    stderr: '',
  });
});

test('a slim image that differs is exit status 4, with the report printed', async () => {
  const session = fakeSession({ buildSlim: async () => reportOf({ status: 'differs', outputs: [] }) });
  expect(await runProgram(['build', 'x.tar'], session)).toBe(4);
  expect(session.printed.stdout).toMatch(/^DIFFERS/);
});

test('progress goes to stderr', async () => {
  const buildSlim: Pipeline['buildSlim'] = async (_settings, { progress }) => {
    progress({ kind: 'stage-end', stage: 'open', text: 'opened', durationMs: 5 });
    return reportOf();
  };
  const session = fakeSession({ buildSlim });
  await runProgram(['build', 'x.tar', '-v', '--json'], session);
  expect(session.printed.stderr).toBe('open       5 ms  opened\n');
});

test('trace writes to the file asked for', async () => {
  let received: TraceSettings | undefined;
  const completeness = { complete: true, losses: [], notes: [], lines: 9, unparsedLines: 0, unparsedSamples: [] };
  const traceImage: Pipeline['traceImage'] = async (settings) => {
    received = settings;
    return { source: 'x.tar', outputPath: settings.outputPath, accesses: 3, completeness, outcomes: [] };
  };
  const session = fakeSession({ traceImage });
  await runProgram(['trace', 'x.tar', '-o', 'x.jsonl', '--exec', 'true'], session);
  expect(received).toMatchObject({ source: 'x.tar', outputPath: 'x.jsonl', probes: { exec: ['true'] } });
  expect(session.printed.stdout).toBe('complete  3 distinct file accesses from 9 lines\ntrace   x.jsonl\n');
});

test('paths prints one path a line for all inputs', async () => {
  let received: PathsSettings | undefined;
  const listPaths: Pipeline['listPaths'] = async (settings) => {
    received = settings;
    return ['/a', '/b'];
  };
  const session = fakeSession({ listPaths });
  await runProgram(['paths', 'one.jsonl', 'two.jsonl'], session);
  expect(received?.inputs).toEqual(['one.jsonl', 'two.jsonl']);
  expect(session.printed.stdout).toBe('/a\n/b\n');
});

test('verify compares the first image with the second', async () => {
  let received: VerifySettings | undefined;
  const verifyImages: Pipeline['verifyImages'] = async (settings) => {
    received = settings;
    return reportOf({ status: 'differs' });
  };
  expect(await runProgram(['verify', 'fat.tar', 'slim.tar', '--report', 'r.json'], fakeSession({ verifyImages }))).toBe(
    4,
  );
  expect(received).toMatchObject({ fat: 'fat.tar', slim: 'slim.tar', reportPath: 'r.json' });
});

test('a host that cannot build images is exit status 6', async () => {
  const session = fakeSession({
    diagnose: async () => ({ usable: false, local: { usable: false, checks: [] }, daemons: [] }),
  });
  expect(await runProgram(['doctor'], session)).toBe(6);
  expect(session.printed.stdout).toMatch(/^NOT usable/);
});

test('caches are removed only when asked for', async () => {
  const seen: boolean[] = [];
  const cleanLeftovers: Pipeline['cleanLeftovers'] = async ({ cache }) => {
    seen.push(cache);
    return { removed: [], kept: [], freedBytes: 0 };
  };
  await runProgram(['clean'], fakeSession({ cleanLeftovers }));
  await runProgram(['clean', '--cache'], fakeSession({ cleanLeftovers }));
  expect(seen).toEqual([false, true]);
});

test.each([['--help'], ['build', '--help'], ['help', 'trace'], ['--version']])(
  '%s %s does not load the pipeline',
  async (...argv) => {
    const session = {
      ...fakeSession(),
      pipeline: async () => {
        throw new Error('the pipeline was loaded');
      },
    };
    await expect(runProgram(argv, session)).rejects.toMatchObject({ exitCode: 0 });
    expect(session.printed.stdout).not.toBe('');
  },
);

test.each(['build', 'trace', 'paths', 'verify', 'explain', 'clean', 'doctor'])(
  'the help of %s has examples that the program understands, and common options',
  async (name) => {
    const session = fakeSession();
    await expect(runProgram([name, '--help'], session)).rejects.toMatchObject({ exitCode: 0 });
    expect(session.printed.stdout).toContain(`Examples:\n  trace-slim ${name}`);
    expect(session.printed.stdout).toContain('--json');
  },
);

test('rare options are in --help-all only', async () => {
  const short = fakeSession();
  const long = fakeSession();
  await expect(runProgram(['build', '--help'], short)).rejects.toThrow();
  await expect(runProgram(['build', '--help-all'], long)).rejects.toThrow();
  expect(short.printed.stdout).not.toContain('--http-crawl-max-depth');
  expect(long.printed.stdout).toContain('--http-crawl-max-depth');
  expect(short.printed.stdout.split('\n').length).toBeLessThan(80);
  expect(short.printed.stdout.match(/^ {2}(?:-\w, )?--/gm)?.length).toBeLessThanOrEqual(36);
});
