import type { ToolkitPaths } from '../engine/types.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { gatedCommand } from './gate.ts';
import { straceCommand } from './strace-command.ts';

/**
 * How the tracer gets to the application. `wrap`: it starts it, with a filter that makes tracing cheap but keeps programs
 * from gaining privileges. `attach`: it is called to it from outside, and takes nothing away.
 */
export type Tracing = 'wrap' | 'attach';

export interface TracedCommand {
  readonly tracing: Tracing;
  readonly command: readonly string[];
  readonly config: Pick<RuntimeConfig, 'Env'>;
  /** More environment, `NAME=value`. */
  readonly env: readonly string[];
}

/** The command line for a container that runs `command` and leaves the trace log `logName`. */
export function tracedCommand(toolkit: ToolkitPaths, logName: string, traced: TracedCommand): string[] {
  const { tracing, command, config, env } = traced;
  if (tracing === 'wrap') return straceCommand(toolkit, logName, command);
  return gatedCommand(toolkit, logName, command, [...(config.Env ?? []), ...env]);
}
