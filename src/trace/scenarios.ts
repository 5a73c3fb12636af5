import type { OpenedImage } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { effectiveCommand } from '../image/config.ts';
import type { RuntimeConfig } from '../image/types.ts';
import type { Scenario } from '../probe/file/probe-file.ts';
import type { Outcome, Probe } from '../probe/types.ts';
import type { ProbeSettings, RunSettings } from '../settings.ts';
import { COMMAND_PROBE } from './command-outcome.ts';
import { mergeTraces } from './merge.ts';
import { type Observation, sharesWithOthers } from './observe.ts';
import { type PlannedRun, replayOf } from './plan-run.ts';
import { type RecordOptions, type RunPlan, type RunRecord, recordRun } from './record.ts';
import { runConfig } from './run-config.ts';

/** One way in which an image is run. Without a name: as the command line says. */
export interface RunScenario {
  readonly name?: string;
  readonly run: RunSettings;
  readonly probes: ProbeSettings;
}

/** A scenario that has been run. */
interface Watched {
  readonly planned: PlannedRun;
  readonly observation: Observation;
}

/** What is run: the image as the command line says, unless only scenarios are asked for, and each scenario. Errors: CONFIG_INVALID. */
export function scenariosOf(run: RunSettings, probes: ProbeSettings): readonly RunScenario[] {
  const { files = [], exec, execFiles, http } = probes;
  const scenarios = files.flatMap((file) => file.scenarios.map((scenario) => scenarioOf(scenario, run, probes)));
  const twice = scenarios.find(({ name }, index) => scenarios.findIndex((other) => other.name === name) < index);
  if (twice) {
    throw new TraceSlimError('CONFIG_INVALID', `two probe files have a scenario called ${twice.name}`, {
      hint: 'Give one of them another name.',
    });
  }
  const hasMain = files.some(({ main }) => main) || exec.length + execFiles.length > 0 || http.enabled;
  return hasMain || scenarios.length === 0 ? [{ run, probes }, ...scenarios] : scenarios;
}

function scenarioOf(scenario: Scenario, run: RunSettings, probes: ProbeSettings): RunScenario {
  const { name, command, entrypoint, user, workdir, env } = scenario;
  const config = {
    ...run.config,
    ...(entrypoint && { Entrypoint: [...entrypoint], Cmd: null }),
    ...(command && { Cmd: [...command] }),
    ...(user !== undefined && { User: user }),
    ...(workdir !== undefined && { WorkingDir: workdir }),
  };
  return {
    name,
    run: { ...run, config, env: [...run.env, ...env] },
    probes: {
      ...probes,
      exec: [],
      execFiles: [],
      files: [{ path: name, main: scenario, scenarios: [] }],
      http: { ...probes.http, enabled: false, commands: [] },
      healthcheck: false,
      ready: { timeoutMs: probes.ready.timeoutMs, healthcheck: false, ports: [] },
    },
  };
}

/** The plan of a scenario, with its name before the ids of its probes. */
export function namedPlan(planned: PlannedRun, { name, run }: RunScenario): PlannedRun {
  if (name === undefined) return planned;
  const probes = planned.plan.probes.map((probe) => namedProbe(probe, name));
  return { ...planned, plan: { ...planned.plan, probes, scenario: { name, run } } };
}

function namedProbe(probe: Probe, name: string): Probe {
  return {
    ...probe,
    id: `${name}: ${probe.id}`,
    run: async (container, { enter, ...options }) => {
      const entering = enter && { enter: (outcome: string) => enter(`${name}: ${outcome}`) };
      const outcomes = await probe.run(container, { ...options, ...entering });
      return outcomes.map((outcome) => named(outcome, name));
    },
  };
}

function named(outcome: Outcome, name: string): Outcome {
  return { ...outcome, probe: `${name}: ${outcome.probe}` };
}

/** Watches one scenario after another. */
export async function watchAll(
  scenarios: readonly RunScenario[],
  watch: (scenario: RunScenario) => Promise<Watched>,
): Promise<United> {
  const watched: Watched[] = [];
  for (const scenario of scenarios) watched.push(await watch(scenario));
  return unite(watched as [Watched, ...Watched[]]);
}

/** Several scenarios as one: with what all of them need, and how they are replayed together. */
export interface United extends Watched {
  readonly replay: RunPlan;
}

function unite(watched: readonly [Watched, ...Watched[]]): United {
  const [first, ...others] = watched;
  const replays = others.map(({ planned, observation }) => replayOf(planned, observation.runs[0]));
  const replay = replayOf(first.planned, first.observation.runs[0]);
  if (others.length === 0 && !first.planned.plan.scenario) return { ...first, replay };
  const observations = watched.map(({ observation }) => observation);
  const runs = first.observation.runs.map((_, index) =>
    uniteRecords(watched.map(({ planned, observation }) => [planned.plan, observation.runs[index] as RunRecord])),
  );
  return {
    planned: { ...first.planned, notes: [...new Set(watched.flatMap(({ planned }) => planned.notes))] },
    observation: {
      ...first.observation,
      tracing: observations.some(({ tracing }) => tracing === 'attach') ? 'attach' : 'wrap',
      runs: runs as unknown as Observation['runs'],
      trace: mergeTraces(observations.map(({ trace }) => trace)),
      unstable: [...new Set(observations.flatMap(({ unstable = [] }) => unstable))].sort(),
    },
    replay: { ...replay, others: replays },
  };
}

/** Runs a plan and the others that belong to it, one after another. Their outcomes have the names of their scenarios. */
export async function recordAll(image: OpenedImage, plan: RunPlan, options: RecordOptions): Promise<RunRecord> {
  const records: [RunPlan, RunRecord][] = [];
  for (const each of [plan, ...(plan.others ?? [])]) records.push([each, await recordRun(image, each, options)]);
  return uniteRecords(records);
}

/** Two more runs, at the same time unless they would meet. */
export async function recordTwice(image: OpenedImage, plan: RunPlan, options: RecordOptions): Promise<RunRecord[]> {
  const first = recordAll(image, plan, options);
  if (sharesWithOthers(plan.container)) await first.catch(() => {});
  const both = [first, recordAll(image, plan, options)];
  // Nothing of a failed run goes on in the background.
  await Promise.allSettled(both);
  return Promise.all(both);
}

function uniteRecords(records: readonly (readonly [RunPlan, RunRecord])[]): RunRecord {
  const [[, first]] = records as [readonly [RunPlan, RunRecord]];
  const failure = records.find(([, record]) => record.failure)?.[1].failure;
  return {
    ...first,
    outcomes: records.flatMap(([plan, record]) => outcomesOf(plan, record)),
    trace: records.length === 1 ? first.trace : mergeTraces(records.map(([, { trace }]) => trace)),
    durationMs: records.reduce((sum, [, { durationMs }]) => sum + durationMs, 0),
    ...(failure && { failure }),
  };
}

function outcomesOf({ scenario }: RunPlan, { outcomes }: RunRecord): readonly Outcome[] {
  if (!scenario) return outcomes;
  return outcomes.map((outcome) => (outcome.probe === COMMAND_PROBE ? named(outcome, scenario.name) : outcome));
}

/** The same plan, and those that belong to it, for another image with a configuration, and a command, of its own. */
export function withImageConfig(plan: RunPlan, image: RuntimeConfig, run: RunSettings): RunPlan {
  const others = plan.others?.map((other) => withImageConfig(other, image, run));
  const config = runConfig(image, plan.scenario?.run ?? run);
  return { ...plan, config, command: effectiveCommand(config), ...(others && { others }) };
}
