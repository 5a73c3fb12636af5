import type { ContinueAfter } from '../settings.ts';
import { invalid, parseDuration } from './values.ts';

/** SlimToolkit's `timeout` without a number. */
const TIMEOUT_MS = 60_000;

/** The conditions of `--continue-after`, e.g. `probe&exec`, `enter`, `30`. */
export function parseContinueAfter(text: string): ContinueAfter {
  return text.split('&').map((word) => parseCondition(word.trim(), text));
}

function parseCondition(word: string, text: string): ContinueAfter[number] {
  if (word === 'probe' || word === 'exec' || word === 'signal' || word === 'enter') return word;
  if (word === 'timeout') return { timeoutMs: TIMEOUT_MS };
  if (/^\d/.test(word)) return { timeoutMs: parseDuration('--continue-after', word) };
  throw invalid(
    '--continue-after',
    text,
    'use probe, exec, timeout, a number of seconds, signal or enter, joined by &',
  );
}
