import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalEngine } from '../../src/engine/local/local-engine.ts';
import type { Engine, OpenedImage } from '../../src/engine/types.ts';
import { openImage } from '../../src/image/open.ts';
import type { Image, RuntimeConfig } from '../../src/image/types.ts';
import { buildSlim } from '../../src/pipeline.ts';
import type { Outcome } from '../../src/probe/types.ts';
import type { RunSettings } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';
import { planRun } from '../../src/trace/plan-run.ts';
import { type RunRecord, recordRun } from '../../src/trace/record.ts';
import type { Tracing } from '../../src/trace/traced-command.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { describeEngines } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, plainRun } from '../support/settings.ts';

const SERVER = '/opt/server/server.pl';
const work = temporaryDirectory();
const { signal } = new AbortController();
let inits: string;
let engine: Engine;
let image: Image;
let fat: OpenedImage;

beforeAll(async () => {
  inits = `docker-archive:${fixtureImage('inits')}`;
  image = await openImage(inits, { signal });
  engine = await openLocalEngine(stateDirectory(), { signal });
  fat = await engine.open(image, { signal });
});
afterAll(async () => {
  await fat[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await image[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function factOf(outcome: Outcome | null | undefined, name: string): string | undefined {
  return outcome?.facts.find((fact) => fact.name === name)?.value;
}

const ENTRYPOINTS: readonly [string, string[], string[], string, string][] = [
  // Entrypoint, command, what it answers, exit status after the stop signal
  ['a script that becomes the command', ['/entry/exec'], [SERVER], 'uid 0', '0'],
  ['a script that stays and passes signals on', ['/entry/stays'], [SERVER], 'uid 0', '0'],
  ['a script that minds no signal', ['/entry/deaf'], [SERVER], 'uid 0', '137'],
  ['tini', ['tini', '--'], [SERVER], 'uid 0', '0'],
  ['dumb-init', ['dumb-init', '--'], [SERVER], 'uid 0', '0'],
  ['tini, a script and gosu', ['tini', '--', '/entry/gosu'], [SERVER], 'uid 1000', '0'],
  ['gosu', ['/entry/gosu'], [SERVER], 'uid 1000', '0'],
  ['setpriv', ['/entry/setpriv'], [SERVER], 'uid 1000', '0'],
  ['su', ['/entry/su'], [SERVER], 'uid 1000', '143'],
  ['s6-svscan', ['s6-svscan', '/etc/services'], [], 'uid 0', '0'],
  ['runsvdir', ['runsvdir', '/etc/runit-services'], [], 'uid 0', '0'],
];

/** On a daemon only those in which its own part tells. */
const TELLING = /minds no signal|gosu|s6/;

describeEngines(['local', 'docker'], 'on $name an image is built, verified and stopped', ({ name, settings }) => {
  const entrypoints = ENTRYPOINTS.filter(([what]) => name === 'local' || TELLING.test(what));

  test.each(entrypoints)('whose first process is %s', async (_, Entrypoint, Cmd, answer, exitStatus) => {
    const output = `docker-archive:${join(work.path, 'slim.tar')}`;
    const run = { ...plainRun, config: { Entrypoint, Cmd } };
    const report = await buildSlim(buildSettings(inits, output, { run, engine: settings }), testContext());
    expect(report).toMatchObject({ status: 'verified', trace: { complete: true } });
    const [command, get] = report.probes;
    for (const side of ['fat', 'slim'] as const) {
      expect(factOf(command?.[side], 'state')).toBe('ran until it was stopped');
      expect(factOf(command?.[side], 'exit status')).toBe(exitStatus);
      expect(factOf(get?.[side], 'body')).toBe(`hello from the server\n${answer}\n`);
    }
  });
});

/** The image's command run, probed and stopped once. */
function stop(run: Partial<RunSettings>, config: RuntimeConfig = {}, tracing: Tracing = 'wrap'): Promise<RunRecord> {
  const { plan } = planRun(fat, { run: { ...plainRun, ...run }, probes: defaultProbes, tracing });
  return recordRun(fat, { ...plan, config: { ...plan.config, ...config } }, { signal, progress: () => {} });
}

describe.each<Tracing>(['wrap', 'attach'])('an application under a tracer that is to %s', (tracing) => {
  test.each([
    ['nothing', {}, 'TERM', '0'],
    ['SIGINT', { StopSignal: 'SIGINT' }, 'INT', '3'],
    ['SIGQUIT', { StopSignal: 'SIGQUIT' }, 'QUIT', '4'],
    ['a number', { StopSignal: '3' }, 'QUIT', '4'],
  ])('is stopped by the signal its image names: %s', async (_, config, name, exitStatus) => {
    const { outcomes, trace } = await stop({}, config, tracing);
    expect(factOf(outcomes[0], 'stdout')).toBe(`ends by SIG${name}\n`);
    expect(factOf(outcomes[0], 'exit status')).toBe(exitStatus);
    expect(trace.completeness.losses).toEqual([]);
  });
});

test('an application that goes on after its stop signal is killed when its time is over', async () => {
  const answer = 'HTTP/1.0 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n';
  const script = `
    $SIG{TERM} = sub {};
    my $listener = IO::Socket::INET->new(LocalPort => 8080, Listen => 1);
    while (1) { my $client = $listener->accept or next; <$client>; print $client "${answer}" }`;
  const config = { Entrypoint: ['perl', '-MIO::Socket::INET', '-e', script], Cmd: [] };
  const { outcomes, durationMs } = await stop({ config, stopTimeoutMs: 300 });
  expect(factOf(outcomes[0], 'exit status')).toBe('137');
  expect(durationMs).toBeLessThan(8000);
});
