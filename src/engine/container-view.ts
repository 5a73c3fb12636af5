import type { Endpoint, Listener } from './types.ts';

/** What can be seen of a container from where this program runs, or else is asked for inside of it. */
export interface ContainerView {
  isListening(listener: Listener): Promise<boolean>;
  endpoint(listener: Listener): Promise<Endpoint>;
  isTraced(): Promise<boolean>;
  /** False when the first process would do nothing at all on a signal. */
  mindsSignal(signal: number): Promise<boolean>;
  close(): void;
}
