import { describe, expect, it } from 'vitest';
import type { RuntimeConfig } from '../../../src/image/types.ts';
import { planProbes } from '../../../src/probe/plan.ts';
import type { HttpCommand, HttpProbeSettings, ProbeSettings } from '../../../src/settings.ts';

const HTTP: HttpProbeSettings = {
  enabled: true,
  commands: [],
  crawl: false,
  crawlMaxDepth: 3,
  crawlMaxPages: 100,
  crawlMaxTimeMs: 60_000,
  ports: [],
  timeoutMs: 1000,
};
const PROBES: ProbeSettings = {
  exec: [],
  execFiles: [],
  http: HTTP,
  healthcheck: true,
  continueAfter: ['probe'],
  allowFailing: false,
  ready: { timeoutMs: 60_000, healthcheck: false, ports: [] },
};
const GET: HttpCommand = { method: 'GET', resource: '/a', headers: [], crawl: false };

const exposing = (...ports: string[]): RuntimeConfig => ({
  ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
});

function plan(settings: Partial<ProbeSettings>, config: RuntimeConfig = {}) {
  const context = { trace: (_: unknown, command: readonly string[]) => command, programs: { find: () => '/bin/sh' } };
  const { probes, ready, notes } = planProbes({ ...PROBES, ...settings }, config, context);
  const { required, optionalPorts: optional, checks } = ready;
  return { ids: probes.map(({ id }) => id), required, optional, checks: checks.map(({ name }) => name), notes };
}

describe('the plan of probes', () => {
  it('is GET / on each exposed TCP port, of which one must open', () => {
    expect(plan({}, exposing('8080/tcp', '80', '53/udp', '8000-8001/tcp', 'x/tcp', '99999/tcp'))).toEqual({
      ids: ['http GET :80/', 'http GET :8000/', 'http GET :8001/', 'http GET :8080/'],
      required: [],
      optional: [80, 8000, 8001, 8080],
      checks: [],
      notes: ['Port 53 is not TCP and not probed.'],
    });
  });

  it('is GET / on the ports that were named, which must open', () => {
    const http = { ...HTTP, ports: [3000] };
    expect(plan({ http }, exposing('80/tcp'))).toMatchObject({
      ids: ['http GET :3000/'],
      required: [3000],
      optional: [],
    });
  });

  it('is the commands alone when there are any', () => {
    const post: HttpCommand = { ...GET, method: 'POST', resource: '/b', port: 9000, protocol: 'https' };
    const http = { ...HTTP, commands: [GET, GET, post] };
    expect(plan({ http }, exposing('80/tcp'))).toMatchObject({
      ids: ['http GET :80/a', 'http GET :80/a (2)', 'https POST :9000/b'],
      required: [9000],
      optional: [80],
    });
  });

  it('has nowhere to send a command without any port', () => {
    expect(() => plan({ http: { ...HTTP, commands: [GET] } })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });

  it('has no HTTP when it is switched off', () => {
    const settings = { http: { ...HTTP, enabled: false }, exec: ['az  --version\n', 'x'.repeat(300), '\u001b[31m'] };
    const { ids, optional } = plan(settings, exposing('80/tcp'));
    expect(ids).toEqual(['exec az --version', `exec ${'x'.repeat(100)}…`, 'exec \\x1b[31m']);
    expect(optional).toEqual([]);
  });

  it('starts with the HEALTHCHECK and ends with scripts', () => {
    const config = { ...exposing('80/tcp'), Healthcheck: { Test: ['CMD', 'x'] } };
    const execFiles = [{ path: 'probes/slim-exec.sh', content: Buffer.from('az') }];
    const { ids } = plan({ exec: ['a', 'a'], execFiles }, config);
    expect(ids).toEqual(['healthcheck', 'http GET :80/', 'exec a', 'exec a (2)', 'exec-file slim-exec.sh']);
    expect(plan({ healthcheck: false }, config).ids).toEqual(['http GET :80/']);
  });

  it('waits for what the settings say', () => {
    const ready = { timeoutMs: 1, command: 'is-up', healthcheck: true, ports: [80, 5432] };
    const config = { ...exposing('80/tcp'), Healthcheck: { Test: ['CMD', 'x'] } };
    expect(plan({ ready }, config)).toMatchObject({
      required: [80, 5432],
      optional: [],
      checks: ['`is-up`', "the image's HEALTHCHECK"],
    });
    expect(() => plan({ ready }, {})).toThrow('the image has no HEALTHCHECK to wait for');
  });

  it('says when nothing is probed', () => {
    expect(plan({}).notes).toEqual(['The image exposes no TCP port, so no HTTP probe is made.']);
    expect(plan({ exec: ['a'] }).notes).toEqual([]);
  });
});
