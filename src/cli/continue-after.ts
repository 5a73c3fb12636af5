import type { ContinueAfter } from '../settings.ts';
import { invalid, parseDuration } from './values.ts';

/** SlimToolkit's `timeout` without a number. */
const TIMEOUT_MS = 60_000;

/** Conditions by SlimToolkit's words; every probe is waited for anyway, whatever it is run with. */
const CONDITIONS: Readonly<Record<string, ContinueAfter[number]>> = {
  probe: 'probe',
  exec: 'exec',
  'host-exec': 'probe',
  'app-exit': 'exit',
  signal: 'signal',
  enter: 'enter',
  timeout: { timeoutMs: TIMEOUT_MS },
};

/** The conditions of `--continue-after`, e.g. `probe&exec`, `enter`, `30`. */
export function parseContinueAfter(text: string): ContinueAfter {
  return text.split('&').map((word) => parseCondition(word.trim(), text));
}

function parseCondition(word: string, text: string): ContinueAfter[number] {
  const condition = CONDITIONS[word];
  if (condition !== undefined) return condition;
  if (/^\d/.test(word)) return { timeoutMs: parseDuration('--continue-after', word) };
  throw invalid(
    '--continue-after',
    text,
    'use probe, exec, app-exit, timeout, a number of seconds, signal or enter, joined by &',
  );
}
