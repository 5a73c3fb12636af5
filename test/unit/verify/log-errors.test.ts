import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/trace/record.ts';
import { newErrorLines } from '../../../src/verify/log-errors.ts';

function runWith(stderr: string, compare: 'shown' | 'text' = 'shown'): RunRecord {
  const completeness = { complete: true, losses: [], notes: [], lines: 1, unparsedLines: 0, unparsedSamples: [] };
  const command = { probe: 'command', ok: true, summary: '', durationMs: 1 };
  return {
    outcomes: [{ ...command, facts: [{ name: 'stderr', value: stderr, compare }] }],
    ...{ trace: { accesses: [], completeness }, listening: [], readyMs: 1, durationMs: 1 },
  };
}

const found = (fat: string, slim: string) => newErrorLines([runWith(fat)], runWith(slim));

describe('newErrorLines', () => {
  it.each([
    'ERROR cannot open x',
    'Traceback (most recent call last):',
    'FileNotFoundError: x',
    'panic: no',
    'fatal: x',
  ])('finds %j', (line) => expect(found('ready\n', `ready\n${line}\n`)).toEqual([line]));

  it('passes over lines that the original logs too, with other times, numbers and IDs', () => {
    const line = (pid: number, at: string) => `2024-03-05T10:00:${at}Z [${pid}] error 8f14e45fce: no route\n`;
    expect(found(line(7, '01'), line(9, '55'))).toEqual([]);
    expect(found(line(7, '01'), line(9, '55').replace('route', 'file'))).toHaveLength(1);
  });

  it('passes over everything that does not look like an error, and what is compared anyway', () => {
    expect(found('', 'GET / 200\nlistening\n')).toEqual([]);
    expect(newErrorLines([runWith('', 'text')], runWith('error x\n', 'text'))).toEqual([]);
  });

  it('is bounded and cannot drive a terminal', () => {
    const words = Array.from({ length: 100 }, (_, at) => `error ${String.fromCharCode(97 + (at % 26)).repeat(at + 1)}`);
    const lines = found('', `error \x1b[2J${'x'.repeat(5000)}\n${words.join('\n')}`);
    expect(lines).toHaveLength(20);
    expect(lines[0]).toMatch(/^error \\x1b\[2Jx+$/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(320);
  });
});
