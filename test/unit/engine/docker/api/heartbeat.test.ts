import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { connectDaemon, type Daemon } from '../../../../../src/engine/docker/api/connect.ts';
import { patienceMs } from '../../../../../src/engine/docker/api/patience.ts';
import { awaitExit } from '../../../../../src/engine/docker/exit-status.ts';
import { type FakeDaemonOptions, fakeDaemon } from '../../../../support/fake-daemon.ts';

afterEach(() => vi.unstubAllEnvs());

async function connected(answer: FakeDaemonOptions['answer']): Promise<Daemon> {
  const fake = await fakeDaemon(answer ? { answer } : {});
  const daemon = await connectDaemon(
    { engine: 'docker', pull: 'never', host: fake.address },
    { wanted: [], signal: new AbortController().signal },
  );
  onTestFinished(async () => {
    await daemon.close();
    await fake[Symbol.asyncDispose]();
  });
  return daemon;
}

const LOST = { code: 'ENGINE_UNAVAILABLE', message: /does not answer any more: nothing for 0\.2 s$/ };

test('a daemon that falls silent ends what waits for it, and what is asked later', async () => {
  vi.stubEnv('TRACE_SLIM_DAEMON_TIMEOUT', '0.2');
  let isSilent = false;
  const { docker } = await connected((request, response) => {
    if (isSilent) return true;
    if (!request.url?.includes('/wait')) return false;
    isSilent = true;
    response.writeHead(200).flushHeaders();
    return true;
  });
  const { status } = await awaitExit(docker.getContainer('x'));
  await expect(status).rejects.toMatchObject(LOST);
  await expect(docker.info()).rejects.toMatchObject(LOST);
});

test('a wait may be silent for longer when the daemon answers otherwise', async () => {
  vi.stubEnv('TRACE_SLIM_DAEMON_TIMEOUT', '0.2');
  let pings = 0;
  let end = () => {};
  const { docker } = await connected((request, response) => {
    if (request.url?.endsWith('/_ping') && ++pings > 8) end();
    if (!request.url?.includes('/wait')) return false;
    response.writeHead(200).flushHeaders();
    end = () => void response.end('{"StatusCode":5}');
    return true;
  });
  const { status } = await awaitExit(docker.getContainer('x'));
  expect(await status).toBe(5);
});

test('an answer that breaks off after it began is told', async () => {
  const { docker } = await connected((request, response) => {
    if (!request.url?.includes('/wait')) return false;
    response.writeHead(200).flushHeaders();
    setImmediate(() => response.destroy());
    return true;
  });
  const { status } = await awaitExit(docker.getContainer('x'));
  await expect(status).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: /connection to the daemon broke off/,
  });
});

test('patience is a number of seconds', () => {
  expect(patienceMs({})).toBe(60_000);
  expect(patienceMs({ TRACE_SLIM_DAEMON_TIMEOUT: '1.5' })).toBe(1500);
  for (const text of ['0', '-1', 'soon', 'Infinity']) {
    expect(() => patienceMs({ TRACE_SLIM_DAEMON_TIMEOUT: text })).toThrow(`no number of seconds: ${text}`);
  }
});
