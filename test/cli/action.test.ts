import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryDirectory } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';

interface Step {
  readonly shell: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
}

const ROOT = new URL('../../', import.meta.url).pathname;
const action = parse(readFileSync(join(ROOT, 'action.yml'), 'utf8'));
const steps: readonly Step[] = action.runs.steps;
const work = temporaryDirectory();
let image: string;

beforeAll(() => {
  image = `docker-archive:${fixtureImage('static')}`;
});
afterAll(() => work[Symbol.dispose]());

/** Runs the action's steps as a runner does, with these inputs. */
function act(name: string, given: Readonly<Record<string, string>>, stale: readonly string[] = []) {
  const folder = join(work.path, name);
  mkdirSync(folder);
  for (const file of stale) writeFileSync(join(folder, file), 'of an earlier run');
  const [outputFile, summaryFile] = [join(folder, 'output'), join(folder, 'summary.md')];
  for (const file of [outputFile, summaryFile]) writeFileSync(file, '');
  const inputs: Record<string, string> = { command: join(ROOT, 'bin/trace-slim.js'), ...given };
  const evaluate = (expression: string) => {
    const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression) ?? [];
    return inputs[input] ?? action.inputs[input].default;
  };
  const [{ status, stdout } = {}] = steps.map(({ run, env }) => {
    const stepEnv = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, evaluate(value)]));
    const runner = { GITHUB_OUTPUT: outputFile, GITHUB_STEP_SUMMARY: summaryFile };
    return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      cwd: folder,
      env: { PATH: process.env.PATH, TRACE_SLIM_HOME: join(work.path, 'state'), ...runner, ...stepEnv },
      encoding: 'utf8',
    });
  });
  const lines = readFileSync(outputFile, 'utf8').trimEnd().split('\n');
  const outputs = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  return { status, stdout, outputs, folder, summary: readFileSync(summaryFile, 'utf8') };
}

describe('the GitHub action', () => {
  test('has every output of a step that sets it, and no input in the text of a script', () => {
    expect(Object.keys(action.outputs)).toEqual(['image', 'digest', 'reduction', 'report']);
    for (const step of steps) expect(step).toMatchObject({ shell: 'bash', run: expect.not.stringContaining('${{') });
    const used = steps.flatMap(({ env }) => Object.values(env).map((value) => /inputs\.([\w-]+)/.exec(value)?.[1]));
    expect(used.toSorted()).toEqual(Object.keys(action.inputs).toSorted());
  });

  test('lets nothing that is printed be a command for the runner', () => {
    const { stdout } = act('printed', { command: '/bin/echo', image: '::warning::x' });
    expect(stdout).toMatch(/^::stop-commands::([\w-]+)\nbuild ::warning::x .*\n\n::\1::\n$/);
  });

  test('makes an image, and says where it is', () => {
    const { status, outputs, summary, folder } = act('good', {
      image,
      output: 'docker-archive:slim one.tar\noci:layout\n',
      tag: 'shop.slim:1',
      'fail-if': 'size>50MB\n',
      arguments: '--env\nA=b c\n',
      junit: 'junit.xml',
    });
    expect(status).toBe(0);
    expect(outputs).toEqual({
      image: 'docker-archive:slim one.tar',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      reduction: expect.stringMatching(/^\d+\.\d\d$/),
      report: 'trace-slim-report.json',
    });
    expect(summary).toContain('### ✅ Verified');
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('<testsuites');
  });

  test('fails with the status of the program, and still tells where the report is', () => {
    const { status, outputs, summary } = act('costly', { image, output: 'docker-archive:x.tar', 'fail-if': 'size>1' });
    expect(status).toBe(5);
    expect(outputs).toMatchObject({ image: '', digest: '', report: 'trace-slim-report.json' });
    expect(summary).toContain('over budget');
  });

  test('shows also a run that came to no result', () => {
    const { status, outputs, summary, folder } = act('failing', {
      image,
      output: 'docker-archive:x.tar',
      arguments: '--entrypoint\n["/no-such-program"]',
      junit: 'junit.xml',
    });
    expect({ status, outputs }).toEqual({ status: 3, outputs: { '': undefined } });
    expect(summary).toContain('Exit status 3, `COMMAND_NOT_FOUND`');
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('type="COMMAND_NOT_FOUND"');
  });

  test('leaves no result of an earlier run where this one has none', () => {
    const files = ['-r.json', 'junit.xml'];
    const { status, outputs, folder } = act('stale', { image: '', report: '-r.json', junit: 'junit.xml' }, files);
    expect({ status, outputs }).toEqual({ status: 2, outputs: { '': undefined } });
    expect(readdirSync(folder).toSorted()).toEqual(['output', 'summary.md']);
  });

  test('takes no input for a command', () => {
    const { status, folder } = act('hostile', {
      image: '$(touch hacked)',
      arguments: '; touch hacked\n`touch hacked`',
    });
    expect(status).toBe(2);
    expect(spawnSync('ls', [folder], { encoding: 'utf8' }).stdout).not.toContain('hacked');
  });
});
