import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Findings, PortFinding } from '../../../src/init/findings.ts';
import { starterFile } from '../../../src/init/starter-file.ts';
import { loadProbeFile } from '../../../src/probe/file/load.ts';
import { temporaryDirectory } from '../../support/engine.ts';

const nothing: Findings = {
  source: 'shop.tar',
  config: { Cmd: ['shop'] },
  ports: [],
  closedPorts: [],
  otherPorts: [],
  commands: [],
};

/** What a probe file made of findings says, read as a user's is. */
async function probesOf(findings: Partial<Findings>) {
  using folder = temporaryDirectory();
  const file = join(folder.path, 'probes.yaml');
  writeFileSync(file, starterFile({ ...nothing, ...findings }));
  const { main } = await loadProbeFile(file);
  const items = main?.probes.flatMap((group) => group.items) ?? [];
  return {
    port: main?.defaultListener,
    items: items.map(({ kind, spec, expect: expected }) => ({ kind, spec, expected })),
  };
}

const http = (more: Partial<PortFinding> = {}): PortFinding => ({
  port: 8080,
  speaks: 'http',
  answer: '200 text/html',
  status: 200,
  ...more,
});

describe('a starter probe file', () => {
  it('is usable when nothing is known of an image', async () => {
    expect(await probesOf({})).toEqual({ port: undefined, items: [] });
  });

  it('crawls what answers over HTTP and asks for its API', async () => {
    const ports = [http({ api: { path: '/openapi.json', operations: 3 } })];
    expect(await probesOf({ ports })).toMatchObject({
      port: 8080,
      items: [
        { kind: 'crawl', spec: { port: 8080, path: '/' } },
        { kind: 'openapi', spec: { port: 8080, path: '/openapi.json', methods: 'safe' } },
      ],
    });
  });

  it('expects the refusal that was seen, and asks for nothing that fails', async () => {
    const ports = [http({ port: 81, status: 401 }), http({ port: 82, status: 500 })];
    expect((await probesOf({ ports })).items).toMatchObject([{ kind: 'http', expected: { status: 401 } }]);
  });

  it('speaks HTTP/2, gRPC, Redis, FastCGI and whatever else a port wants', async () => {
    const ports = [
      http({ port: 1, speaks: 'h2c', hasHealth: true }),
      http({ port: 2, speaks: 'h2', hasHealth: true }),
      { port: 3, speaks: 'redis' },
      { port: 4, speaks: 'other' },
      { port: 5, speaks: 'fastcgi' },
    ] as const;
    const config = { WorkingDir: '/srv/a "b" }' };
    expect((await probesOf({ ports, config })).items).toMatchObject([
      { kind: 'http', spec: { protocol: 'h2c' } },
      { kind: 'grpc-health', spec: { port: 1, tls: false } },
      { kind: 'http', spec: { protocol: 'h2' } },
      { kind: 'grpc-health', spec: { port: 2, tls: true } },
      { kind: 'redis', spec: { port: 3, commands: [['PING']] } },
      { kind: 'tcp', spec: { port: 4 } },
      { kind: 'fastcgi', spec: { port: 5, root: '/srv/a "b" }', path: '/index.php' } },
    ]);
  });

  it('takes the port of a web site for that of probes that name none', async () => {
    expect((await probesOf({ ports: [{ port: 7000, speaks: 'other' }, http()] })).port).toBe(8080);
  });

  it('runs the health check and the commands that succeeded', async () => {
    const commands = [
      { words: ['shop', '--version'], succeeds: true },
      { words: ['shop', '--help'], succeeds: false },
    ];
    const config = { Cmd: ['shop'], Healthcheck: { Test: ['CMD', 'true'] } };
    expect((await probesOf({ config, commands })).items).toMatchObject([
      { kind: 'healthcheck' },
      { kind: 'exec', spec: { command: ['shop', '--version'] } },
    ]);
  });

  it('says what was not found out', () => {
    const text = starterFile({
      ...nothing,
      closedPorts: [9000],
      otherPorts: ['53/udp'],
      trouble: 'the application ended',
    });
    expect(text).toContain('# Exposed but not open: 9000.');
    expect(text).toContain('# Exposed but not TCP, so not probed: 53/udp.');
    expect(text).toContain('# It could not be looked at while it runs: the application ended.');
  });

  it('lets nothing in an image break out of a comment or a string', async () => {
    const evil = 'x\nprobes: [{ exec: evil }]\u0085\u2028"';
    const config = {
      Cmd: [evil],
      User: evil,
      Labels: { 'org.opencontainers.image.title': evil },
      Healthcheck: { Test: ['CMD', evil] },
    };
    const commands = [{ words: [evil, '--version'], succeeds: true }];
    const { items } = await probesOf({ source: evil, config, commands, trouble: evil, otherPorts: [evil] });
    expect(items).toMatchObject([{ kind: 'healthcheck' }, { kind: 'exec', spec: { command: [evil, '--version'] } }]);
  });
});
