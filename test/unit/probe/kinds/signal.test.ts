import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/engine/types.ts';
import { signalKind, stopLast } from '../../../../src/probe/kinds/signal.ts';
import type { Probe } from '../../../../src/probe/types.ts';
import { execResult } from '../../../support/fake-container.ts';
import { comparedFacts, makeKind, outcomeOf } from '../../../support/probe-kinds.ts';

const ended = (exitStatus: number) => ({ result: () => execResult({ exitStatus }) });

/** A container that tells which signals it was sent, and ends as is given. */
function signalled(result: (sent: readonly string[]) => ExecResult | undefined) {
  const sent: string[] = [];
  return { sent, onSignal: (name: string) => sent.push(name) > 0, result: () => result(sent) };
}

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
    const onSignal = () => expect.unreachable('the engine knows which signal stops it');
    expect(await outcomeOf(signalKind, 'SIGTERM', { container: { ...ended(143), onSignal } })).toMatchObject({
      ok: true,
    });
  });

  it('sends another signal than the image names', async () => {
    const { sent, ...container } = signalled((names) =>
      names.length > 0 ? execResult({ exitStatus: 143 }) : undefined,
    );
    expect(await outcomeOf(signalKind, 'SIGQUIT', { container })).toMatchObject({ ok: true, summary: 'exit 143' });
    expect(sent).toEqual(['QUIT']);
  });

  it('is not ok when the application handles no such signal', async () => {
    const container = { onSignal: () => false };
    for (const stops of [true, false]) {
      const outcome = await outcomeOf(signalKind, { send: 'USR1', stops }, { container });
      expect(outcome).toMatchObject({ ok: false, summary: "the container's first process does not handle it" });
    }
  });

  it('is not ok when the application goes on after the signal', async () => {
    const outcome = await outcomeOf(signalKind, { send: 'HUP', within: '20ms' }, {});
    expect(outcome).toMatchObject({ ok: false, summary: 'did not end within 0.02 s' });
  });

  it.each(['BOGUS', 'KILL', 'TERM; reboot', { send: 'stop', extra: 1 }, { stops: false }])(
    'does not understand %o',
    (written) => {
      expect(signalKind.schema.safeParse(written).success).toBe(false);
    },
  );
});

describe('a signal that stops nothing', () => {
  const reload = { send: 'HUP', stops: false, within: '20ms' };

  it('is ok when the application runs on and listens where it did', async () => {
    const { sent, ...container } = signalled(() => undefined);
    const isListening = () => true;
    const outcome = await outcomeOf(signalKind, reload, { container: { ...container, isListening } });
    expect(outcome).toMatchObject({ ok: true, summary: 'runs on' });
    expect(comparedFacts(outcome)).toEqual({ state: 'runs on' });
    expect(sent).toEqual(['HUP']);
  });

  it('is not ok when the application ends', async () => {
    const container = signalled((sent) => (sent.length > 0 ? execResult({ exitStatus: 129 }) : undefined));
    const outcome = await outcomeOf(signalKind, reload, { container });
    expect(outcome).toMatchObject({ ok: false, summary: 'ended with exit status 129' });
  });

  it('is not ok when the application no longer listens', async () => {
    const { sent, ...container } = signalled(() => undefined);
    const isListening = () => sent.length === 0;
    const outcome = await outcomeOf(signalKind, reload, { container: { ...container, isListening } });
    expect(outcome).toMatchObject({ ok: false, summary: 'did not listen again within 0.02 s' });
  });

  it('stays where it stands, as often as it is wanted', async () => {
    expect((await makeKind(signalKind, reload)).stops).toBeUndefined();
    expect((await makeKind(signalKind, 'HUP')).stops).toBe(true);
  });
});

describe('the probe that stops the application', () => {
  const probe = (id: string, stops = false): Probe => ({
    id,
    kind: 'signal',
    listeners: [],
    run: async () => [],
    ...(stops && { stops }),
  });

  it('comes after all others', () => {
    const probes = [probe('a'), probe('b', true), probe('c')];
    expect(stopLast(probes).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });

  it('is the only one of its kind', () => {
    const probes = [probe('a', true), probe('b', true)];
    expect(() => stopLast(probes)).toThrow('stopped once only');
  });
});
