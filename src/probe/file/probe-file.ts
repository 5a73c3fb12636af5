import type { Listener } from '../../engine/types.ts';
import type { Expectation } from '../kinds/expectation.ts';
import type { ProbeKindName } from '../types.ts';

/** What a probe file says, in full form. Serialisable, except for contents of files it names. */
export interface ProbeFile {
  readonly path: string;
  /** Probes of the image as the command line has it run; undefined when the file has scenarios only. */
  readonly main: ProbeSet | undefined;
  readonly scenarios: readonly Scenario[];
}

/** What is done with one running container, in this order. */
export interface ProbeSet {
  readonly setup: readonly ProbeItem[];
  readonly probes: readonly ProbeGroup[];
  readonly teardown: readonly ProbeItem[];
  readonly defaultListener?: Listener;
}

/** A run of its own. Absent: as the command line says, else as the image. */
export interface Scenario extends ProbeSet {
  readonly name: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
}

/** Items that share a session; most are alone. */
export interface ProbeGroup {
  readonly name?: string;
  readonly repeat: number;
  readonly items: readonly ProbeItem[];
}

export interface ProbeItem {
  readonly kind: ProbeKindName;
  /** As the kind's schema gives it. */
  readonly spec: unknown;
  readonly name?: string;
  readonly expect?: Expectation | 'failing';
  /** How long it is tried again until it is as expected; 0: once. */
  readonly retryMs: number;
  /** Absent: the kind's own. */
  readonly timeoutMs?: number;
  readonly masks: readonly string[];
  /** `FILE:LINE:COLUMN`. */
  readonly place: string;
}
