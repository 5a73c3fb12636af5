import { describe, expect, it } from 'vitest';
import { signalKind, stopLast } from '../../../../src/probe/kinds/signal.ts';
import type { Probe, ProbeKindName } from '../../../../src/probe/types.ts';
import { execResult } from '../../../support/fake-container.ts';
import { comparedFacts, outcomeOf } from '../../../support/probe-kinds.ts';

const ended = (exitStatus: number) => ({ result: () => execResult({ exitStatus }) });

describe('a signal probe', () => {
  it('has the exit status of the application', async () => {
    const outcome = await outcomeOf(signalKind, 'stop', { container: ended(0) });
    expect(outcome).toMatchObject({ ok: true, summary: 'exit 0' });
    expect(comparedFacts(outcome)).toEqual({ 'exit status': '0' });
  });

  it('is not ok when the application had to be killed', async () => {
    const outcome = await outcomeOf(signalKind, { within: '2s' }, { container: ended(137) });
    expect(outcome).toMatchObject({ ok: false, summary: 'did not end within 2 s' });
  });

  it('leaves the signal that the image names to the engine', async () => {
    const exec = () => expect.unreachable('nothing is run in the container');
    expect(await outcomeOf(signalKind, 'SIGTERM', { container: { ...ended(143), exec } })).toMatchObject({ ok: true });
  });

  it('sends another signal than the image names from inside', async () => {
    const lines: (string | undefined)[] = [];
    const container = {
      exec: ({ command }: { command: readonly string[] }) => {
        lines.push(command.at(-1));
        return '';
      },
      result: () => (lines.length > 0 ? execResult({ exitStatus: 143 }) : undefined),
    };
    expect(await outcomeOf(signalKind, 'SIGQUIT', { container })).toMatchObject({ ok: true, summary: 'exit 143' });
    expect(lines).toEqual(['kill -s QUIT 1']);
  });

  it('is not ok when the application goes on after the signal', async () => {
    const outcome = await outcomeOf(signalKind, { send: 'HUP', within: '20ms' }, {});
    expect(outcome).toMatchObject({ ok: false, summary: 'did not end within 0.02 s' });
  });

  it.each(['BOGUS', 'TERM; reboot', { send: 'stop', extra: 1 }])('does not understand %o', (written) => {
    expect(signalKind.schema.safeParse(written).success).toBe(false);
  });
});

describe('the probe that stops the application', () => {
  const probe = (id: string, kind: ProbeKindName): Probe => ({ id, kind, listeners: [], run: async () => [] });

  it('comes after all others', () => {
    const probes = [probe('a', 'http'), probe('b', 'signal'), probe('c', 'exec')];
    expect(stopLast(probes).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });

  it('is the only one of its kind', () => {
    const probes = [probe('a', 'signal'), probe('b', 'signal')];
    expect(() => stopLast(probes)).toThrow('stopped once only');
  });
});
