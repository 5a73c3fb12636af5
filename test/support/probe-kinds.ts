import type { Endpoint } from '../../src/engine/types.ts';
import { listenerGiven } from '../../src/probe/kinds/fields.ts';
import type { KindContext, ProbeKind } from '../../src/probe/kinds/kind.ts';
import { newSession, type Session } from '../../src/probe/kinds/session.ts';
import { HttpOrigins } from '../../src/probe/origins.ts';
import type { Outcome } from '../../src/probe/types.ts';
import { type FakeContainerOptions, fakeContainer } from './fake-container.ts';
import { defaultProbes } from './settings.ts';

export interface KindRunOptions {
  readonly endpoint?: Endpoint;
  readonly container?: FakeContainerOptions;
  readonly session?: Session;
  readonly folder?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const PORT = 8080;

const context: KindContext = {
  config: {},
  settings: defaultProbes,
  trace: (_toolkit, command) => command,
  programs: { find: () => undefined },
  origins: new HttpOrigins(0),
  claimed: new Set(),
  listeners: [PORT],
  listenerOf: (given, usualPort) => listenerGiven(given) ?? usualPort ?? PORT,
};

/** Makes a probe from what stands behind its kind in a probe file. Each run of it may be in another container. */
export async function makeKind<Spec>(kind: ProbeKind<Spec>, written: unknown, folder = '/') {
  const parsed = kind.schema.parse(written);
  const spec = kind.load ? await kind.load(parsed, folder) : parsed;
  const made = kind.make(spec, { ...context, origins: new HttpOrigins(0) });
  return {
    ...made,
    runIn({ endpoint, container, session, timeoutMs = 5000, signal }: KindRunOptions): Promise<Outcome[]> {
      const endpoints = endpoint ? Object.fromEntries(made.listeners.map((listener) => [listener, endpoint])) : {};
      const run = { id: 'p', spec, session: session ?? newSession(), timeoutMs };
      return made.run(fakeContainer({ endpoints, ...container }), {
        ...run,
        signal: signal ?? new AbortController().signal,
      });
    },
  };
}

/** Runs a probe once. */
export async function runKind<Spec>(kind: ProbeKind<Spec>, written: unknown, options: KindRunOptions) {
  return (await makeKind(kind, written, options.folder)).runIn(options);
}

/** Runs a probe with one outcome once. */
export async function outcomeOf<Spec>(kind: ProbeKind<Spec>, written: unknown, options: KindRunOptions) {
  const [outcome] = await runKind(kind, written, options);
  return outcome as Outcome;
}

/** The facts of an outcome that are compared, by name. */
export function comparedFacts({ facts }: Outcome): Record<string, string> {
  return Object.fromEntries(facts.filter(({ compare }) => compare !== 'shown').map(({ name, value }) => [name, value]));
}
