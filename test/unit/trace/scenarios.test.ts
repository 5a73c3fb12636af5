import { describe, expect, it } from 'vitest';
import type { RunPlan } from '../../../src/trace/record.ts';
import { scenariosOf, withImageConfig } from '../../../src/trace/scenarios.ts';
import { loadText } from '../../support/probe-files.ts';
import { defaultProbes, execProbes, plainRun } from '../../support/settings.ts';

const SCENARIOS = `
version: 1
scenarios:
  - name: worker
    command: [work, hard]
    env: { LEVEL: 3 }
    user: nobody
    workdir: /work
    probes: [{ exec: a }]
  - name: migrate
    entrypoint: [migrate]
    probes: []
`;

describe('what is run', () => {
  it('is the image as the command line says, when no file has scenarios', () => {
    expect(scenariosOf(plainRun, defaultProbes)).toEqual([{ run: plainRun, probes: defaultProbes }]);
  });

  it('is each scenario with its own command, environment, user and folder, and none of the other probes', async () => {
    const files = [await loadText(SCENARIOS)];
    const run = { ...plainRun, config: { Cmd: ['serve'] }, env: ['A=1'] };
    const [worker, migrate, ...others] = scenariosOf(run, { ...execProbes(), files });
    expect(others).toEqual([]);
    expect(worker).toMatchObject({
      name: 'worker',
      run: { config: { Cmd: ['work', 'hard'], User: 'nobody', WorkingDir: '/work' }, env: ['A=1', 'LEVEL=3'] },
      probes: { exec: [], healthcheck: false, http: { enabled: false } },
    });
    expect(migrate?.run.config).toEqual({ Entrypoint: ['migrate'], Cmd: null });
  });

  it('is refused when two scenarios have the same name', async () => {
    const files = [await loadText(SCENARIOS), await loadText(SCENARIOS)];
    expect(() => scenariosOf(plainRun, { ...execProbes(), files })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('is the image itself too when anything is asked of that', async () => {
    const files = [await loadText(SCENARIOS)];
    const names = scenariosOf(plainRun, { ...execProbes('a'), files }).map(({ name }) => name);
    expect(names).toEqual([undefined, 'worker', 'migrate']);
  });
});

it('another image is run by its own configuration, with what each scenario changes', () => {
  const other = { scenario: { name: 'b', run: { ...plainRun, config: { Cmd: ['b'] } } } } as RunPlan;
  const plan = { others: [other] } as unknown as RunPlan;
  const { config, command, others } = withImageConfig(plan, { User: 'u', Cmd: ['a'] }, plainRun);
  expect(config).toEqual({ User: 'u', Cmd: ['a'] });
  expect(command).toEqual(['a']);
  expect(others?.map((each) => each.config)).toEqual([{ User: 'u', Cmd: ['b'] }]);
  expect(others?.map((each) => each.command)).toEqual([['b']]);
});
