import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openProgress, type ProgressOptions } from '../../../src/cli/progress.ts';
import type { ProgressEvent } from '../../../src/progress.ts';

const EVENTS: readonly ProgressEvent[] = [
  { kind: 'stage-start', stage: 'open', text: 'opening x.tar' },
  { kind: 'stage-end', stage: 'open', text: '264.1 MB in 7123 paths', durationMs: 120 },
  { kind: 'stage-start', stage: 'trace', text: 'running the image' },
  { kind: 'stage-progress', stage: 'trace', text: 'http GET :80/' },
  { kind: 'warning', text: 'port 81 \u001b[2Jnever probed' },
  { kind: 'detail', text: 'pid 12' },
  { kind: 'stage-end', stage: 'trace', text: '1 outcome', durationMs: 1234 },
];
const PLAIN = [
  'open     120 ms  264.1 MB in 7123 paths',
  'warning: port 81 \\x1b[2Jnever probed',
  'trace    1.23 s  1 outcome',
  '',
];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function show(changes: Partial<ProgressOptions>, terminal: { isTTY?: boolean; columns?: number } = {}): string {
  let printed = '';
  const stream = Object.assign(new PassThrough(), terminal).on('data', (chunk) => {
    printed += chunk;
  });
  const options = { mode: 'auto', quiet: false, verbose: false, color: false, env: {}, ...changes };
  const view = openProgress(stream, options);
  for (const event of EVENTS) {
    view.sink(event);
    vi.advanceTimersByTime(250);
  }
  view.close();
  const atClose = printed;
  vi.advanceTimersByTime(1000);
  expect(printed).toBe(atClose);
  return printed;
}

test('off a terminal each stage that ended is a line, and so is each warning', () => {
  expect(show({}).split('\n')).toEqual(PLAIN);
});

test('in CI a terminal is not redrawn', () => {
  expect(show({ env: { CI: 'true' } }, { isTTY: true }).split('\n')).toEqual(PLAIN);
});

test('details and starts are shown when asked for', () => {
  expect(show({ verbose: true }).split('\n')).toEqual([
    '  opening x.tar',
    'open     120 ms  264.1 MB in 7123 paths',
    '  running the image',
    '  http GET :80/',
    'warning: port 81 \\x1b[2Jnever probed',
    '  pid 12',
    'trace    1.23 s  1 outcome',
    '',
  ]);
});

test('quiet shows nothing', () => {
  expect(show({ quiet: true })).toBe('');
  expect(show({ mode: 'quiet' }, { isTTY: true })).toBe('');
});

test('a terminal ends with the same lines and nothing of the redrawn one', () => {
  const printed = show({}, { isTTY: true, columns: 30 });
  expect(printed).toContain('http GET :80/  ');
  expect(replay(printed)).toEqual(PLAIN);
});

test('the redrawn line never reaches the last column, so that it cannot wrap', () => {
  const redrawn = show({}, { isTTY: true, columns: 12 })
    .split('\r\u001b[2K')
    .filter((part) => !part.endsWith('\n'));
  expect(Math.max(...redrawn.map((line) => line.length))).toBe(11);
});

/** What is left on a terminal that knows carriage return and erase line. */
function replay(printed: string): string[] {
  return printed.split('\n').map((line) => line.split('\r\u001b[2K').at(-1) ?? '');
}
