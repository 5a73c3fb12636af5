import { describe, expect, it } from 'vitest';
import { execKind } from '../../../../src/probe/kinds/exec.ts';
import { makeKind, outcomeOf } from '../../../support/probe-kinds.ts';

describe('an exec item', () => {
  it.each([
    ['id -u', 'id -u'],
    [{ command: ['id', '-u'], user: 33 }, 'as 33: id -u'],
    [{ command: 'id -u', user: 'app:app', workdir: '/srv' }, 'as app:app in /srv: id -u'],
    [{ command: 'ls', workdir: '/srv' }, 'in /srv: ls'],
  ])('%o is called %s', async (written, title) => {
    expect((await makeKind(execKind, written)).title).toBe(title);
  });

  it('is run as the user and in the directory that it names, with its environment and input', async () => {
    const written = { command: ['cat'], user: 33, workdir: '/srv', env: { A: 'b' }, stdin: 'in' };
    const made = await makeKind(execKind, written);
    expect(made.user).toBe('33');
    const calls: unknown[] = [];
    const exec = (call: unknown) => {
      calls.push(call);
      return 'out';
    };
    expect(await outcomeOf(execKind, written, { container: { exec } })).toMatchObject({ ok: true });
    expect(calls).toMatchObject([{ command: ['cat'], stdin: 'in', user: '33', workingDirectory: '/srv' }]);
  });

  it.each([{ user: '' }, { user: 'a:b:c' }, { user: 'a b' }, { user: -1 }, { workdir: 'srv' }])(
    'does not understand %o',
    (given) => {
      expect(execKind.schema.safeParse({ command: 'id', ...given }).success).toBe(false);
    },
  );
});
