import { describe, expect, it } from 'vitest';
import { checkTrace } from '../../../src/trace/observe.ts';
import type { Trace } from '../../../src/trace/trace.ts';
import { accessOf } from '../../support/accesses.ts';

function traceWith(losses: readonly string[], accesses: Trace['accesses'] = [accessOf('open', '/etc/passwd')]): Trace {
  const counts = { notes: [], lines: 1, unparsedLines: 0, unparsedSamples: [] };
  return { accesses, completeness: { complete: losses.length === 0, losses, ...counts } };
}

const check =
  (trace: Trace, allowIncomplete = false) =>
  () =>
    checkTrace(trace, { what: 'the trace of the replay', allowIncomplete });

describe('checkTrace', () => {
  it('accepts a trace that lost nothing', () => {
    expect(check(traceWith([]))).not.toThrow();
  });

  it('refuses a trace that lost something, and says of which run and what', () => {
    expect(check(traceWith(['the tracer was gone']))).toThrow(
      'the trace of the replay is not complete: the tracer was gone',
    );
    expect(check(traceWith(['the tracer was gone']), true)).not.toThrow();
  });

  it('refuses a trace without any access, whatever is allowed', () => {
    expect(check(traceWith([], []), true)).toThrow('saw no file access');
  });
});
