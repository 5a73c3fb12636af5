import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import type { HttpProbeSettings, RunSettings } from '../../src/settings.ts';
import { PLAIN_CONTAINER } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

const PLAIN_SERVER = `use Socket; $| = 1; socket my $s, PF_INET, SOCK_STREAM, 6; setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
  bind $s, sockaddr_in(18473, INADDR_ANY) or die; listen $s, 9;
  while (accept my $c, $s) { my $r = <$c>; print $r; while (<$c>) { last if /^\\r?$/ }
    print $c "HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nanswer\\n"; close $c }`;

const TLS_SERVER = `openssl req -x509 -newkey rsa:2048 -nodes -keyout /tmp/key -out /tmp/cert -subj /CN=localhost 2>/dev/null &&
  cd /etc/ssl && exec openssl s_server -accept 18473 -key /tmp/key -cert /tmp/cert -WWW -quiet`;

/** Slims an image of which a server is run that listens on port 18473. */
function serve(command: readonly string[], more: Partial<RunSettings> = {}, http: Partial<HttpProbeSettings> = {}) {
  const exposed = { '18473/tcp': {} };
  const run: RunSettings = {
    config: { Entrypoint: [...command], Cmd: null, ExposedPorts: exposed },
    env: [],
    container: PLAIN_CONTAINER,
  };
  const settings = buildSettings(`docker-archive:${fixtureImage('git')}`, `oci:${join(work.path, 'slim')}`, {
    run: { ...run, ...more, config: { ...run.config, ...more.config } },
    probes: { ...defaultProbes, http: { ...defaultProbes.http, ...http } },
  });
  return buildSlim(settings, testContext());
}

test('a server that speaks TLS is probed by HTTPS without being told to, whoever signed its certificate', async () => {
  const request = { method: 'GET', resource: '/openssl.cnf', headers: [], crawl: false };
  const report = await serve(['sh', '-c', TLS_SERVER], {}, { commands: [request] });
  expect(report.status).toBe('verified');
  const [, page] = report.probes;
  expect(page).toMatchObject({ probe: 'http GET :18473/openssl.cnf', equal: true });
  expect(page?.slim?.summary).toMatch(/^200 /);
  expect(report.kept.map(({ path }) => path)).toContain('/etc/ssl/openssl.cnf');
});

test('of two exposed ports one may stay closed, and the report says so', async () => {
  const ExposedPorts = { '18473/tcp': {}, '9090/tcp': {} };
  const report = await serve(['perl', '-e', PLAIN_SERVER], { config: { ExposedPorts } });
  expect(report.status).toBe('verified');
  expect(report.probes.map(({ probe }) => probe)).toContain('http GET :18473/');
  expect(report.probes.filter(({ probe }) => probe.includes(':9090'))).toEqual([]);
  expect(report.warnings).toEqual(['Port 9090 is exposed but never opened: nothing was asked there.']);
});

test('a port that the user names must open', async () => {
  const ready = { ...defaultProbes.ready, timeoutMs: 1500 };
  const settings = buildSettings(`docker-archive:${fixtureImage('git')}`, `oci:${join(work.path, 'none')}`, {
    run: { config: { Entrypoint: ['perl', '-e', PLAIN_SERVER], Cmd: null }, env: [], container: PLAIN_CONTAINER },
    probes: { ...defaultProbes, ready, http: { ...defaultProbes.http, ports: [18473, 9090] } },
  });
  await expect(buildSlim(settings, testContext())).rejects.toMatchObject({
    code: 'PORT_NEVER_OPENED',
    message: expect.stringContaining('9090'),
  });
});

test("an image is probed on this host's network when that is asked for", async () => {
  const report = await serve(['perl', '-e', PLAIN_SERVER], { container: { ...PLAIN_CONTAINER, network: 'host' } });
  expect(report.status).toBe('verified');
  expect(report.probes[1]).toMatchObject({ probe: 'http GET :18473/', equal: true });
});
