import { expect, test } from 'vitest';
import { asked, daemonError } from '../../../../../src/engine/docker/api/errors.ts';
import { TraceSlimError } from '../../../../../src/errors.ts';

const answer = (statusCode: number, words: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${words} `), { statusCode });
const system = (code: string, message = `connect ${code} /var/run/docker.sock`) =>
  Object.assign(new Error(message), { code });

test.each([
  [system('ENOENT'), 'ENGINE_UNAVAILABLE'],
  [system('ECONNREFUSED'), 'ENGINE_UNAVAILABLE'],
  [system('ECONNRESET', 'socket hang up'), 'ENGINE_UNAVAILABLE'],
  [system('EACCES'), 'PERMISSION_DENIED'],
  [system('ENOTFOUND', 'getaddrinfo ENOTFOUND h'), 'NETWORK_FAILED'],
  [system('ETIMEDOUT'), 'NETWORK_FAILED'],
  [system('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'ENGINE_UNAVAILABLE'],
  [answer(404, 'No such image: nginx:latest'), 'IMAGE_NOT_FOUND'],
  [answer(404, 'manifest for x:2 not found: manifest unknown: manifest unknown'), 'IMAGE_NOT_FOUND'],
  [answer(404, 'No such container: abc'), 'ENGINE_FAILED'],
  [
    answer(404, "pull access denied for x, repository does not exist or may require 'docker login'"),
    'IMAGE_ACCESS_DENIED',
  ],
  [answer(500, 'Head "http://r/v2/x": no basic auth credentials'), 'IMAGE_ACCESS_DENIED'],
  [answer(500, 'unauthorized: authentication required'), 'IMAGE_ACCESS_DENIED'],
  [answer(500, 'OCI runtime create failed: exec: permission denied: unknown'), 'ENGINE_FAILED'],
  [answer(500, 'write /var/lib/docker/tmp/x: no space left on device'), 'DISK_FULL'],
  [answer(500, 'Get "https://r/v2/": dial tcp: lookup r: no such host'), 'NETWORK_FAILED'],
  [answer(500, 'Get "https://r/v2/": net/http: TLS handshake timeout'), 'NETWORK_FAILED'],
  [answer(500, 'toomanyrequests: You have reached your pull rate limit.'), 'NETWORK_FAILED'],
  [answer(404, 'no matching manifest for linux/s390x in the manifest list entries'), 'PLATFORM_UNSUPPORTED'],
  [answer(400, 'Client sent an HTTP request to an HTTPS server.'), 'ENGINE_UNAVAILABLE'],
  [answer(500, 'something else'), 'ENGINE_FAILED'],
])('%s is %s', (error, code) => {
  expect(daemonError(error, 'doing it')).toMatchObject({ code, cause: error });
});

test("the message holds the daemon's words without dockerode's", () => {
  expect(daemonError(answer(500, 'no - really not'), 'starting x').message).toBe('starting x failed: no - really not');
  expect(daemonError(answer(502, ''), 'starting x').message).toBe('starting x failed: HTTP status 502');
});

test('a socket that may not be used comes with what to do about it', () => {
  expect(daemonError(system('EACCES'), 'connecting')).toMatchObject({
    message: 'connecting failed: permission denied',
    hint: expect.stringContaining('usermod -aG docker'),
  });
});

test('a host with several addresses gives an error that says something', () => {
  const error = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
  expect(daemonError(error, 'connecting').message).toBe('connecting failed: nobody listens there');
});

test('our own errors stay what they are', () => {
  const error = new TraceSlimError('TIMED_OUT', 'x');
  expect(daemonError(error, 'doing it')).toBe(error);
});

test('an answer in time is handed on, a failure is mapped', async () => {
  expect(await asked(Promise.resolve(7), 'asking')).toBe(7);
  await expect(asked(Promise.reject(system('ENOENT')), 'asking')).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
});

test('no answer is a failure after the deadline', async () => {
  await expect(asked(new Promise(() => {}), 'listing', { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'listing failed: no answer from the daemon within 0.02 s',
  });
});

test('an abort ends the wait with its own reason', async () => {
  const reason = new Error('stopped by SIGINT');
  await expect(asked(Promise.resolve(1), 'asking', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const controller = new AbortController();
  const waiting = asked(new Promise(() => {}), 'asking', { signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
