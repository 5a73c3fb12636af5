import type { StateLayout } from '../host/state.ts';
import type { Daemon } from './api/connect.ts';
import type { Delivery } from './delivery.ts';
import type { Removals } from './remove.ts';

/** What one run of this program works with at a daemon. */
export interface DaemonRun {
  readonly id: string;
  readonly daemon: Daemon;
  readonly layout: StateLayout;
  /** Folder of this host for files of this run. */
  readonly directory: string;
  /** File name of the toolkit's dynamic loader. */
  readonly loader: string;
  /** On everything that is made at the daemon. */
  readonly labels: Readonly<Record<string, string>>;
  readonly delivery: Delivery;
  readonly removals: Removals;
}
