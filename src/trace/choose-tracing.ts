import type { OpenedImage } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import type { ProbeSettings } from '../settings.ts';
import { namesLostBehindGate } from './gate.ts';
import { type Observation, type ObserveOptions, observationOf, observe, runTwice } from './observe.ts';
import type { PlannedRun } from './plan-run.ts';
import { hasPrivilegedFiles, type PrivilegedProgram, privilegedPrograms, shownProgram } from './privileges.ts';
import type { Tracing } from './traced-command.ts';

export interface ChooseOptions extends ObserveOptions {
  readonly tracer: 'auto' | Tracing;
  readonly continueAfter: ProbeSettings['continueAfter'];
  plan(tracing: Tracing): PlannedRun;
}

/** What was seen, and the plan by which it was: its notes say why it was traced that way. */
export interface ChosenObservation {
  readonly planned: PlannedRun;
  readonly observation: Observation;
}

/**
 * Observes an image the cheap way, and once more from outside when it turns out to execute programs that lose their
 * privileges that way. Errors: those of {@link observe}; TRACE_INCOMPLETE when the cheap way is insisted on.
 */
export async function observeSuitably(image: OpenedImage, options: ChooseOptions): Promise<ChosenObservation> {
  const { tracer, signal } = options;
  if (tracer === 'attach') return attach(image, options, 'as asked for');
  const planned = options.plan('wrap');
  const { config, probes } = planned.plan;
  const users = [config.User ?? '', ...probes.flatMap(({ user }) => user ?? [])];
  if (tracer === 'auto' && isByHand(options) && (await hasPrivilegedFiles(image, users))) {
    return attach(image, options, 'the image has programs that give its users privileges');
  }
  const runs = await runTwice(image, planned.plan, options);
  const programs = await privilegedPrograms(image, config, { runs, signal });
  if (programs.length > 0 && tracer === 'auto') {
    options.progress('again, without taking privileges away');
    return attach(image, options, `otherwise ${losing(programs)}`);
  }
  if (programs.length > 0 && !options.allowIncomplete) throw privilegesLost(programs);
  const notes = programs.length > 0 ? [`Under the tracer, ${losing(programs)}.`] : [];
  return { planned: withNotes(planned, notes), observation: observationOf(runs, planned.plan, options) };
}

async function attach(image: OpenedImage, options: ChooseOptions, why: string): Promise<ChosenObservation> {
  const planned = options.plan('attach');
  const { config, env, command } = planned.plan;
  const lost = command.length > 0 ? namesLostBehindGate([...(config.Env ?? []), ...env]) : [];
  const notes = [
    `The tracer is attached from outside: ${why}.`,
    ...(lost.length > 0
      ? [`The application was started without ${lost.join(', ')}: no shell passes such names on.`]
      : []),
  ];
  return { planned: withNotes(planned, notes), observation: await observe(image, planned.plan, options) };
}

/** What somebody does by hand, nobody does again. */
function isByHand({ continueAfter }: ChooseOptions): boolean {
  return continueAfter.some((condition) => condition === 'enter' || condition === 'signal');
}

function losing(programs: readonly PrivilegedProgram[]): string {
  const names = programs.map(shownProgram).join(', ');
  return `${names} would run without the privileges that ${programs.length === 1 ? 'its file gives' : 'their files give'}`;
}

function privilegesLost(programs: readonly PrivilegedProgram[]): TraceSlimError {
  return new TraceSlimError('TRACE_INCOMPLETE', `when the tracer starts the application, ${losing(programs)}`, {
    hint: 'Leave --tracer wrap away, or say --tracer attach.',
    context: { programs: programs.map(shownProgram) },
  });
}

function withNotes(planned: PlannedRun, notes: readonly string[]): PlannedRun {
  return { ...planned, notes: [...planned.notes, ...notes] };
}
