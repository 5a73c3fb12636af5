import type { Container, Listener } from '../engine/types.ts';

/** What a probe found; serialisable. Bytes are stored as byte strings (latin1). */
export interface Outcome {
  readonly probe: string;
  /** Whether the probe could be run and its own conditions held. A difference between images is not judged here. */
  readonly ok: boolean;
  /** One line for people: `200 text/html 612 B`, `exit 2`, `connection refused`. */
  readonly summary: string;
  readonly durationMs: number;
  /** What is compared between two images, in the order it is shown. */
  readonly facts: readonly Fact[];
}

/** One comparable thing of an outcome. */
export interface Fact {
  /** `exit status`, `stdout`, `stderr`, `status`, `header content-type`, `body`. */
  readonly name: string;
  readonly value: string;
  /** `exact` differs by one byte; `text` has volatile parts masked first; `shown` is never compared. */
  readonly compare: 'exact' | 'text' | 'shown';
  /**
   * What a user has declared to be volatile: `/regex/flags`, of which all matches are masked, or a JSON path such as
   * `$.items[*].id`, whose values are.
   */
  readonly masks?: readonly string[];
}

/** Something done to a running container whose result is observable. */
export interface Probe {
  /** Unique within a run and stable between runs: `http GET :8080/`, `exec az --version`. */
  readonly id: string;
  readonly kind: ProbeKindName;
  /** What must be listened on before this probe can run. */
  readonly listeners: readonly Listener[];
  /** As whom it runs a program in the container. Absent: as the container's user. */
  readonly user?: string;
  /** It stops the application: it is done after all others, and that the application has ended is no failure then. */
  readonly stops?: true;
  /** Loads what running the probe needs; called while the application starts. */
  prepare?(): Promise<unknown>;
  /**
   * Runs once. Resolves with an outcome for every result the application can cause, also for a refused connection;
   * rejects only when aborted or when the engine fails. A probe may yield several outcomes (a crawl: one per page).
   */
  run(container: Container, options: RunProbeOptions): Promise<Outcome[]>;
}

export interface RunProbeOptions {
  readonly signal: AbortSignal;
  /** Says of which outcome is what comes next, so that the trace can tell. The probe's own id needs no saying. */
  enter?(outcome: string): Promise<void>;
}

/** What a probe is, as probe files name it. */
export type ProbeKindName =
  | 'exec'
  | 'host-exec'
  | 'http'
  | 'crawl'
  | 'openapi'
  | 'websocket'
  | 'tcp'
  | 'grpc-health'
  | 'redis'
  | 'fastcgi'
  | 'healthcheck'
  | 'signal';
