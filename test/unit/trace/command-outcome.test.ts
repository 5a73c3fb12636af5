import { describe, expect, it } from 'vitest';
import { commandOutcome, hasCrashed } from '../../../src/trace/command-outcome.ts';

const nothing = Buffer.alloc(0);
const ended = (exitStatus: number, endedByItself = true) =>
  commandOutcome({ exitStatus, stdout: nothing, stderr: nothing, truncated: false }, endedByItself, 0);

describe('a command that a signal has ended', () => {
  it('has crashed, and says by which signal', () => {
    expect(hasCrashed([ended(139)])).toBe(true);
    expect(ended(139).summary).toBe('exit 139, ended by SIGSEGV');
    expect(hasCrashed([ended(137)])).toBe(true);
  });

  it('has not when it was stopped, or chose a status of its own', () => {
    expect(hasCrashed([ended(137, false)])).toBe(false);
    expect([0, 1, 128, 130, 143, 255].map((status) => hasCrashed([ended(status)]))).toEqual(Array(6).fill(false));
  });
});
