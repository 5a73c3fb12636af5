import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContainerSockets } from '../../../../src/engine/host/container-sockets.ts';

let root: string;
let servers: Server[];
let sockets: ContainerSockets;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trace-slim-test-'));
  servers = [];
  sockets = new ContainerSockets(root);
});

afterEach(() => {
  sockets.close();
  for (const server of servers) server.close();
  rmSync(root, { recursive: true, force: true });
});

/** A server that says its own name. */
async function serve(path: string, name = path): Promise<void> {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  const server = createServer((connection) => connection.end(name));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(file, resolve));
}

async function ask(path: string): Promise<string> {
  return text(connect(sockets.pathOf(path)));
}

describe('a unix socket in a container', () => {
  it('is reached by its path', async () => {
    await serve('/run/app/app.sock');
    expect(sockets.has('/run/app/app.sock')).toBe(true);
    expect(await ask('//run/./app/../app/app.sock')).toBe('/run/app/app.sock');
  });

  it('is reached over links, which start at the root of the container', async () => {
    await serve('/run/app.sock');
    mkdirSync(join(root, 'var'));
    symlinkSync('/run', join(root, 'var/run'));
    symlinkSync('../run/app.sock', join(root, 'var/current'));
    expect(await ask('/var/run/app.sock')).toBe('/run/app.sock');
    expect(await ask('/var/current')).toBe('/run/app.sock');
  });

  it('is none of this host, whatever links and parents say', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'trace-slim-test-'));
    const server = createServer().listen(join(outside, 'host.sock'));
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    symlinkSync(outside, join(root, 'absolute'));
    symlinkSync(relative(root, outside), join(root, 'relative'));
    symlinkSync('/proc/self/root', join(root, 'magic'));
    const paths = [
      '/absolute/host.sock',
      '/relative/host.sock',
      `/..${outside}/host.sock`,
      `/magic${outside}/host.sock`,
    ];
    expect(paths.filter((path) => sockets.has(path))).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  it('is not there when a file, a folder, an endless link or nothing is', () => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync('loop', join(root, 'loop'));
    expect(['/file', '/file/x.sock', '/', '/loop', '/nothing'].filter((path) => sockets.has(path))).toEqual([]);
  });

  it('that is not there refuses connections', async () => {
    await expect(ask('/nothing')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is the new one after its server has started anew', async () => {
    await serve('/app.sock', 'old');
    expect(await ask('/app.sock')).toBe('old');
    await serve('/next.sock', 'new');
    renameSync(join(root, 'next.sock'), join(root, 'app.sock'));
    expect(await ask('/app.sock')).toBe('new');
  });

  it('costs one descriptor however often it is asked for', async () => {
    await serve('/app.sock');
    const path = sockets.pathOf('/app.sock');
    expect(Array.from({ length: 5 }, () => sockets.pathOf('/app.sock'))).toEqual(Array(5).fill(path));
  });
});
