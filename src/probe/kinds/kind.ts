import type { z } from 'zod';
import type { Container, Listener } from '../../engine/types.ts';
import type { RuntimeConfig } from '../../image/types.ts';
import type { ProbeSettings } from '../../settings.ts';
import type { TraceWrapper } from '../exec.ts';
import type { HttpOrigins } from '../origins.ts';
import type { ImagePrograms } from '../shell.ts';
import type { Outcome, Probe, ProbeKindName, RunProbeOptions } from '../types.ts';
import type { Expectation } from './expectation.ts';
import type { GivenListener } from './fields.ts';
import type { Session } from './session.ts';

/**
 * One kind of probe as probe files name it. A kind knows how to do one thing and what came of it; names, `expect`,
 * `retry`, `repeat`, `timeout` and `mask` are the business of whoever runs it (see run-item.ts).
 */
export interface ProbeKind<Spec> {
  /** The key of a probe file's item that makes it of this kind. */
  readonly name: ProbeKindName;
  /**
   * What may stand behind that key, short forms included; gives the full form. Strict. Modules of kinds import nothing
   * heavy: that is left to {@link MadeProbe.prepare}.
   */
  readonly schema: z.ZodType<Spec>;
  /** The keys of `expect` that mean something here. */
  readonly expects: readonly ExpectKey[];
  /** The key of `expect` that takes the place of the kind's own idea of when an outcome is ok. */
  readonly decides?: ExpectKey;
  /** It holds its outcomes against {@link KindRun.expect} itself, since not everything is expected of each. */
  readonly judges?: true;
  /** Reads what the spec names on this host, relative to the folder of the probe file. Errors: CONFIG_INVALID. */
  load?(spec: Spec, folder: string): Promise<Spec>;
  /** Names that later items of the same sequence can use as `${name}`. */
  captures?(spec: Spec): readonly string[];
  /** Its spec is taken as it stands: captured values come from the image, which nobody has to trust. */
  readonly isLiteral?: true;
  /** Called once for all runs of an image and its slim counterparts. Errors: CONFIG_INVALID. */
  make(spec: Spec, context: KindContext): MadeProbe<Spec>;
}

/** What `expect` can name. Each is read from the facts of an outcome; see expect.ts. */
export type ExpectKey = 'status' | 'headers' | 'body' | 'json' | 'exit' | 'stdout' | 'stderr' | 'reply';

/** What is the same for every run. */
export interface KindContext {
  /** The image's configuration with the user's overrides. */
  readonly config: RuntimeConfig;
  /** What the command line says: limits of crawls, of requests. */
  readonly settings: ProbeSettings;
  /** Puts a program of the image under the tracer. */
  readonly trace: TraceWrapper;
  readonly programs: ImagePrograms;
  /** Schemes of the image's ports, and which have had their time to start; shared by all probes. */
  readonly origins: HttpOrigins;
  /** Ids that are taken, for kinds that give several outcomes. */
  readonly claimed: Set<string>;
  /** What to talk to where nothing is given, the first one first. */
  readonly listeners: readonly Listener[];
  /**
   * What to talk to: what is given, the file's default, the usual port of what is spoken, or the lowest port the image
   * exposes. Errors: CONFIG_INVALID.
   */
  listenerOf(given: GivenListener, usualPort?: number): Listener;
}

/** A probe of a kind, ready to be run any number of times. */
export interface MadeProbe<Spec> extends Pick<Probe, 'user' | 'stops'> {
  /** What stands behind the kind in the probe's id, stable between runs: `GET :8080/`. */
  readonly title: string;
  /** What must be listened on. */
  readonly listeners: readonly Listener[];
  /** How long one try may take where the file does not say; absent: a minute. */
  readonly timeoutMs?: number;
  /** Loads what running needs; called while the application starts. */
  prepare?(): Promise<unknown>;
  /**
   * Runs once. As `Probe.run`, but it may also reject when `signal` has aborted because the time was up. The first
   * outcome's `probe` is `run.id`.
   */
  run(container: Container, run: KindRun<Spec>): Promise<Outcome[]>;
}

/** One run of a probe in one container. */
export interface KindRun<Spec> extends RunProbeOptions {
  readonly id: string;
  /** With the values captured so far filled in. */
  readonly spec: Spec;
  /** Cookies and captured values of the sequence the probe belongs to, fresh for every run of it. */
  readonly session: Session;
  /** What is expected, for kinds that judge by themselves. */
  readonly expect?: Expectation;
  readonly timeoutMs: number;
  /** Aborts with the whole run, and when `timeoutMs` are over. */
  readonly signal: AbortSignal;
}
