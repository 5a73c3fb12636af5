import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ProbeItem } from '../../../../src/probe/file/probe-file.ts';
import { hostExecKind } from '../../../../src/probe/kinds/host-exec.ts';
import type { KindContext, ProbeKind } from '../../../../src/probe/kinds/kind.ts';
import { runItem } from '../../../../src/probe/kinds/run-item.ts';
import { newSession } from '../../../../src/probe/kinds/session.ts';
import type { Outcome } from '../../../../src/probe/types.ts';
import { temporaryDirectory } from '../../../support/engine.ts';
import { fakeContainer } from '../../../support/fake-container.ts';
import { unixHttpServer } from '../../../support/servers.ts';

const context = { listeners: [8080], listenerOf: () => 8080 } as unknown as KindContext;

async function run(
  command: string | string[],
  { endpoint = { socketPath: '/nowhere' }, signal = new AbortController().signal } = {},
): Promise<Outcome> {
  const spec = { command, protocol: 'http', stdin: 'in', env: { A: 'b' }, folder: tmpdir() };
  const made = hostExecKind.make(spec, context);
  const container = fakeContainer({ endpoints: { 8080: endpoint } });
  const outcomes = await made.run(container, { id: 'x', spec, session: newSession(), timeoutMs: 10_000, signal });
  return outcomes[0] as Outcome;
}

const factOf = ({ facts }: Outcome, name: string) => facts.find((fact) => fact.name === name)?.value;

/** A process that has ended stays in the table until its parent, here init, has taken note. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const FETCH = `
const { TRACE_SLIM_URL: url, TRACE_SLIM_HOST: host, TRACE_SLIM_PORT: port } = process.env;
const answer = await fetch(url + '/a');
console.log(url === 'http://' + host + ':' + port, host + ':' + port, await answer.text());
`;

describe('a command on this host', () => {
  it('reaches a port of the container over TCP, however the engine does', async () => {
    await using server = await unixHttpServer((request, response) => void response.end(`${request.url} is here`));
    if (!('socketPath' in server.endpoint)) throw new Error('not a unix socket');
    const command = [process.execPath, '--input-type=module', '-e', FETCH];
    const outcome = await run(command, { endpoint: server.endpoint });
    expect(factOf(outcome, 'stderr')).toBe('');
    expect(factOf(outcome, 'stdout')).toBe('true 127.0.0.1:8080 /a is here\n');
  });

  it('is a line for the shell, with input, environment and the folder of its file', async () => {
    const outcome = await run('cat; echo " $A $TRACE_SLIM_CONTAINER $(pwd)"; exit 3');
    expect(outcome).toMatchObject({ ok: false, summary: 'exit 3' });
    expect(factOf(outcome, 'stdout')).toBe(`in b fake ${tmpdir()}\n`);
  });

  it('gets captured values as variables, and never as a part of the command', async () => {
    const reference = ['$', '{token}'].join('');
    const spec = {
      command: `echo "$TRACE_SLIM_token" '${reference}'`,
      protocol: 'http',
      stdin: '',
      env: {},
      folder: '/',
    };
    const item: ProbeItem = { kind: 'host-exec', spec, retryMs: 0, masks: [], place: 'x:1:1' };
    const made = hostExecKind.make(spec, context);
    const session = newSession();
    session.values.set('token', '$(touch /tmp/never)');
    const runnable = { id: 'x', item, kind: hostExecKind as ProbeKind<unknown>, made, names: ['token'] };
    const [outcome] = await runItem(runnable, fakeContainer(), { session, signal: new AbortController().signal });
    expect(factOf(outcome as Outcome, 'stdout')).toBe(`$(touch /tmp/never) ${reference}\n`);
  });

  it('is not waited for by what it leaves behind', async () => {
    expect(factOf(await run('sleep 600 & echo $!'), 'stdout')).toMatch(/^\d+\n$/);
  });

  it('is not waited for by what has left its process group and holds its output open', async () => {
    using folder = temporaryDirectory();
    const mark = join(folder.path, 'left');
    const outcome = await run(`setsid sh -c 'echo $$; : > ${mark}; exec sleep 30' & until [ -e ${mark} ]; do :; done`);
    expect(factOf(outcome, 'stdout')).toMatch(/^\d+\n$/);
    process.kill(Number(factOf(outcome, 'stdout')));
  }, 15_000);

  it('is killed with all it has started when the run is over', async () => {
    using folder = temporaryDirectory();
    const file = join(folder.path, 'pid');
    const stop = new AbortController();
    const running = run(`sleep 600 & echo $! > ${file}; sleep 600`, { signal: stop.signal });
    const pid = await vi.waitFor(() => Number(/^(\d+)\n/.exec(readFileSync(file, 'utf8'))?.[1] ?? expect.fail()));
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  });

  it('says so when it cannot be started', async () => {
    await expect(run(['/nowhere/program'])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
