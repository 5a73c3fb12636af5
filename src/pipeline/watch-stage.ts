import type { OpenedImage } from '../engine/types.ts';
import type { BuildSettings } from '../settings.ts';
import type { Stages } from '../stages.ts';
import type { Observation } from '../trace/observe.ts';
import { type PlannedRun, planRun } from '../trace/plan-run.ts';
import { observeRepeatedly } from '../trace/repeat.ts';
import { namedPlan, type RunScenario, scenariosOf, type United, watchAll } from '../trace/scenarios.ts';
import type { Tracing } from '../trace/traced-command.ts';
import { type RunContext, recordOptions } from './context.ts';

interface WatchSettings extends Pick<BuildSettings, 'run' | 'probes' | 'allowIncomplete'> {}

/** Plans the runs of the fat image and observes them. */
export async function watch(
  fat: OpenedImage,
  settings: WatchSettings,
  stages: Stages,
  context: RunContext,
): Promise<United> {
  const { userSignal } = context;
  const told = new Set<string>();
  const tell = (notes: readonly string[]) => {
    for (const text of notes.filter((note) => !told.has(note))) context.progress({ kind: 'warning', text });
    for (const text of notes) told.add(text);
  };
  const plan = (scenario: RunScenario, tracing: Tracing) => {
    const { run, probes } = scenario;
    const planned = planRun(fat, { run, probes, tracing, ...(userSignal ? { userSignal } : {}) });
    tell(planned.notes);
    return namedPlan(planned, scenario);
  };
  const { planned, observation, replay } = await stages.run(
    'trace',
    'running the image under the tracer',
    () =>
      watchAll(scenariosOf(settings.run, settings.probes), (scenario) =>
        observeRepeatedly(fat, {
          ...recordOptions(context, 'trace'),
          plan: (tracing) => plan(scenario, tracing),
          tracer: settings.run.tracer ?? 'auto',
          continueAfter: settings.probes.continueAfter,
          allowFailing: settings.probes.allowFailing,
          allowIncomplete: settings.allowIncomplete,
          repeat: settings.probes.repeat ?? 0,
        }),
      ),
    ({ observation: { trace, runs } }) =>
      `${runs[0].outcomes.length} outcomes, ${trace.accesses.length} distinct file accesses`,
  );
  const skipped = skippedPortNotes(planned, observation);
  tell([...planned.notes, ...skipped]);
  return { planned: { ...planned, notes: [...planned.notes, ...skipped] }, observation, replay };
}

function skippedPortNotes({ plan }: PlannedRun, { runs }: Observation): string[] {
  const skipped = plan.ready.optionalPorts.filter((port) => !runs[0].listening.includes(port));
  return skipped.map((port) => `Port ${port} is exposed but never opened: nothing was asked there.`);
}
