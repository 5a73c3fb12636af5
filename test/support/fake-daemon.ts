import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { unixHttpServer } from './servers.ts';

/** A daemon of a test on a unix socket. */
export interface FakeDaemon extends AsyncDisposable {
  readonly address: string;
  readonly socketPath: string;
  /** Method and path of what was asked, in order. */
  readonly asked: string[];
}

export interface FakeDaemonOptions {
  readonly apiVersion?: string;
  readonly minApiVersion?: string;
  readonly isPodman?: boolean;
  /** Names of images it has. */
  readonly images?: readonly string[];
  /** Answers first; false leaves it to what every daemon answers. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Answers `/_ping`, `/version`, `/info` and whether it has an image. */
export async function fakeDaemon(options: FakeDaemonOptions = {}): Promise<FakeDaemon> {
  const { apiVersion = '1.41', minApiVersion = '1.12', images = [] } = options;
  const asked: string[] = [];
  const libpod = options.isPodman ? { 'Libpod-Api-Version': '4.3.1' } : {};
  const server = await unixHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (options.answer?.(request, response)) return;
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '');
    const name = /^\/images\/(.+)\/json$/.exec(path)?.[1];
    response.setHeader('Api-Version', apiVersion);
    if (path === '/_ping') response.writeHead(200, libpod).end('OK');
    else if (path === '/version') {
      const version = {
        Version: '99.1',
        ApiVersion: apiVersion,
        MinAPIVersion: minApiVersion,
        Os: 'linux',
        Arch: 'arm64',
      };
      response.end(JSON.stringify(version));
    } else if (path === '/info') {
      const info = { Driver: 'overlay2', NCPU: 2, MemTotal: 1024, KernelVersion: '6.1', ServerVersion: '4.3.1' };
      response.end(JSON.stringify({ ...info, SecurityOptions: ['name=seccomp,profile=default', 'name=rootless'] }));
    } else if (name && images.includes(decodeURIComponent(name))) response.end('{"Id":"sha256:1"}');
    else response.writeHead(404).end(JSON.stringify({ message: `No such image: ${name}` }));
  });
  const { socketPath } = server.endpoint as { socketPath: string };
  return {
    address: `unix://${socketPath}`,
    socketPath,
    asked,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A user without any settings, in a home folder of their own. */
export async function newUser(env: NodeJS.ProcessEnv = {}) {
  const home = await mkdtemp(join(tmpdir(), 'user-'));
  return {
    home,
    env: { PATH: process.env.PATH, ...env } as NodeJS.ProcessEnv,
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
}

/** Chunks as a socket would give them. */
export function chunked(...chunks: (string | Buffer)[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}

/** Every byte on its own. */
export function byteByByte(bytes: Buffer): Readable {
  return chunked(...[...bytes].map((byte) => Buffer.of(byte)));
}
