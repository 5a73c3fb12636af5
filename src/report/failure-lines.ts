import type { FailureReport } from './report.ts';

/** What ended a run, what the application printed last, and what to try, as plain lines. */
export function failureLines({ message, hint, context: { log } }: FailureReport['error']): string[] {
  const printed = typeof log === 'string' && log.trim() !== '' ? ['it printed last:', ...indented(log)] : [];
  return [`error: ${message}`, ...printed, ...(hint === null ? [] : [`hint: ${hint}`])];
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}
