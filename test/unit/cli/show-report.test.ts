import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interruption } from '../../../src/cli/interruption.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { TraceSlimError } from '../../../src/errors.ts';
import { ProbesFailed } from '../../../src/probe/probes-failed.ts';
import { temporaryDirectory } from '../../support/engine.ts';
import { outcome } from '../../support/report.ts';
import { fakeSession, type Pipeline } from '../../support/session.ts';

const failing: Pipeline['buildSlim'] = async (_settings, { progress }) => {
  progress({ kind: 'outcomes', image: 'fat', outcomes: [outcome('exec a', 'exit 0', 1)] });
  throw new ProbesFailed([{ ...outcome('exec b', 'exit 1', 1), ok: false }], '');
};

/** Runs a command line that fails, and gives what is found afterwards. */
async function fail(argv: readonly string[], pipeline: Partial<Pipeline>, signal?: AbortSignal) {
  using folder = temporaryDirectory();
  const [junit, summary] = [join(folder.path, 'junit.xml'), join(folder.path, 'summary.md')];
  for (const file of [junit, summary]) writeFileSync(file, '');
  const session = fakeSession(pipeline, { GITHUB_STEP_SUMMARY: summary });
  const words = argv.map((word) => word.replace('JUNIT', junit));
  const running = runProgram(words, signal ? { ...session, signal } : session);
  const status = await running.catch(({ exitStatus }: TraceSlimError) => exitStatus);
  return { status, ...session.printed, junit: readFileSync(junit, 'utf8'), summary: readFileSync(summary, 'utf8') };
}

test.each([
  ['build', 'x.tar'],
  ['verify', 'x.tar', 'y.tar'],
])('%s tells CI of an end without a result', async (...argv) => {
  const pipeline = { buildSlim: failing, verifyImages: failing as unknown as Pipeline['verifyImages'] };
  const { status, stdout, stderr, junit, summary } = await fail([...argv, '--junit', 'JUNIT', '--json'], pipeline);
  expect(status).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ schemaVersion: 1, status: 'error', exitStatus: 3, source: 'x.tar', failedProbes: ['exec b'] },
    error: { code: 'PROBE_FAILED', hint: expect.stringContaining('--allow-failing-probes') },
    probes: [{ probe: 'exec a' }, { probe: 'exec b' }],
  });
  expect(stderr).toContain('error: a probe fails on the original image: exec b: exit 1\n');
  expect(junit).toMatch(/ tests="2" failures="1" errors="0" skipped="1"/);
  expect(summary).toContain('### ❌ No result: `x.tar`');
});

test('an interrupted run says so too', async () => {
  const controller = new AbortController();
  const buildSlim: Pipeline['buildSlim'] = async () => {
    controller.abort(new Interruption('SIGTERM'));
    throw new DOMException('aborted', 'AbortError');
  };
  const { stdout, stderr, junit, summary } = await fail(
    ['build', 'x.tar', '--junit', 'JUNIT', '--output-format', 'json'],
    { buildSlim },
    controller.signal,
  );
  expect(JSON.parse(stdout)).toMatchObject({ exitStatus: 143, error: { code: 'INTERRUPTED' } });
  expect(stderr).toBe('');
  expect(junit).toContain('<error message="stopped by SIGTERM" type="INTERRUPTED">');
  expect(summary).toContain('stopped by SIGTERM');
});

test('where the failure cannot be written it is told all the same', async () => {
  using folder = temporaryDirectory();
  const junit = join(folder.path, 'results', 'junit.xml');
  mkdirSync(join(folder.path, 'results'));
  const buildSlim: Pipeline['buildSlim'] = async () => {
    rmSync(join(folder.path, 'results'), { recursive: true });
    throw new TraceSlimError('IMAGE_INVALID', 'x.tar is damaged');
  };
  const { status, stderr, summary } = await fail(['build', 'x.tar', '--junit', junit], { buildSlim });
  expect(status).toBe(7);
  expect(stderr).toBe(`notice: cannot write report ${junit}\nerror: x.tar is damaged\n`);
  expect(summary).toContain('x.tar is damaged');
});

test.each([
  ['--junit', '/nowhere/junit.xml', 'there is no such folder'],
  ['--report', '/nowhere/report.json', 'there is no such folder'],
  ['--report', '/tmp', 'it is a folder'],
  ['--report', '', 'it is a folder'],
])('%s "%s" is refused before anything is done', async (option, path, why) => {
  const session = fakeSession();
  await expect(runProgram(['build', 'x.tar', option, path], session)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: `cannot write ${option} "${path}": ${why}`,
  });
});

test('wrong usage is no run and tells CI nothing', async () => {
  const { status, junit, summary } = await fail(['build', 'x.tar', '--fail-if', 'x', '--junit', 'JUNIT'], {});
  expect({ status, junit, summary }).toEqual({ status: 2, junit: '', summary: '' });
});
