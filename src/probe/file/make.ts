import type { Container, Listener } from '../../engine/types.ts';
import { TraceSlimError } from '../../errors.ts';
import { type GivenListener, listenerGiven } from '../kinds/fields.ts';
import { KINDS } from '../kinds/index.ts';
import type { KindContext } from '../kinds/kind.ts';
import { type Runnable, runItem } from '../kinds/run-item.ts';
import { newSession, type Session } from '../kinds/session.ts';
import type { Fact, Outcome, Probe } from '../types.ts';
import type { ProbeGroup, ProbeItem, ProbeSet } from './probe-file.ts';

/** What making probes of a set takes. */
export interface SetContext extends Omit<KindContext, 'listenerOf'> {
  /** Claims an id; gives it with a number behind it when it is taken. */
  claim(id: string): string;
}

/** The probes of a set in the order in which they run: setup, probes, teardown. Errors: CONFIG_INVALID. */
export function probesOf({ setup, probes, teardown, defaultListener }: ProbeSet, context: SetContext): Probe[] {
  const makeAll = (group: ProbeGroup) => groupProbes(group, context, defaultListener);
  const around = (name: string, items: readonly ProbeItem[]) =>
    makeAll({ name, repeat: 1, items }).map((probe) => uncompared(probe, name));
  return [...around('setup', setup), ...probes.flatMap(makeAll), ...around('teardown', teardown)];
}

function groupProbes(group: ProbeGroup, context: SetContext, defaultListener: Listener | undefined): Probe[] {
  const names = group.items.flatMap(({ kind, spec }) => kindOf(kind).captures?.(spec) ?? []);
  return Array.from({ length: group.repeat }).flatMap(() => {
    const sessions = new WeakMap<Container, Session>();
    const sessionIn = (container: Container) => {
      const session = sessions.get(container) ?? newSession();
      sessions.set(container, session);
      return session;
    };
    return group.items.map((item) => probeOf(runnableOf(item, group.name, names, context, defaultListener), sessionIn));
  });
}

function runnableOf(
  item: ProbeItem,
  groupName: string | undefined,
  names: readonly string[],
  context: SetContext,
  defaultListener: Listener | undefined,
): Runnable {
  const kind = kindOf(item.kind);
  const listeners = [...(defaultListener === undefined ? [] : [defaultListener]), ...context.listeners];
  const listenerOf = (given: GivenListener, usualPort?: number) => {
    const listener = listenerGiven(given) ?? defaultListener ?? usualPort ?? listeners[0];
    if (listener !== undefined) return listener;
    throw new TraceSlimError('CONFIG_INVALID', `${item.place}: the ${item.kind} probe has no port`, {
      hint: 'The image exposes none: name one with port, or for all probes with defaults: {port: …}.',
    });
  };
  const made = kind.make(item.spec, { ...context, listeners, listenerOf });
  const title = item.name ?? `${item.kind} ${made.title}`.trimEnd();
  const id = context.claim(groupName === undefined ? title : `${groupName}: ${title}`);
  return { id, item, kind, made, names };
}

function probeOf(runnable: Runnable, sessionIn: (container: Container) => Session): Probe {
  const { id, item, made, kind } = runnable;
  const { user, stops } = made;
  return {
    id,
    kind: kind.name,
    ...(user !== undefined && { user }),
    ...(stops && { stops }),
    // What has to fail may do so because nothing listens.
    listeners: item.expect === 'failing' ? [] : made.listeners,
    prepare: async () => made.prepare?.(),
    run: (container, options) => runItem(runnable, container, { ...options, session: sessionIn(container) }),
  };
}

function kindOf(name: string) {
  const kind = KINDS.find((known) => known.name === name);
  if (!kind) throw new Error(`a probe of the unknown kind ${name} has passed the schema`);
  return kind;
}

/** What is done around the probes has to succeed on both images; what it prints is nobody's business. */
function uncompared(probe: Probe, name: string): Probe {
  return {
    ...probe,
    run: async (container, options) => (await probe.run(container, options)).map((outcome) => onlyDone(outcome, name)),
  };
}

function onlyDone(outcome: Outcome, name: string): Outcome {
  const shown = outcome.facts.map((fact): Fact => ({ ...fact, compare: 'shown' }));
  const done: Fact = { name, value: outcome.ok ? 'done' : 'failed', compare: 'exact' };
  return { ...outcome, facts: [done, ...shown] };
}
