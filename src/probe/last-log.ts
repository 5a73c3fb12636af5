import type { Container } from '../engine/types.ts';

const SHOWN_BYTES = 4_096;
const SHOWN_LINES = 20;

/** What the application printed last, for error messages: at most twenty lines. */
export function lastLog(container: Container): string {
  return lastLines(container.output(SHOWN_BYTES));
}

/** The last lines of an output, at most twenty. */
export function lastLines(output: string): string {
  return output.slice(-SHOWN_BYTES).trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
}
