import { readFile } from 'node:fs/promises';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { errnoOf, TraceSlimError } from '../../../errors.ts';
import { type DaemonAddress, parseAddress } from './address.ts';
import { type Candidate, SERVICE_ON_DEMAND } from './candidates.ts';
import type { TlsSettings } from './client-files.ts';
import { cuttable } from './connections.ts';
import { startPodmanService } from './podman-service.ts';
import type { SocketProvider } from './socket-provider.ts';
import { openSshRelay } from './ssh-relay.ts';

/** A way to a daemon. */
export interface Transport {
  /** A client that speaks an API version (`1.41`), by default whatever the daemon likes best. */
  newClient(apiVersion?: string): Docker;
  readonly isLocal: boolean;
  /** The unix socket or TCP port it ends at on this host. */
  readonly address: string;
  /** What a program on the way has complained about. */
  complaint(): string;
  /** Ends all connections with a reason, and every later one. */
  cut(reason: Error): void;
  /** Ends all connections, also those in use. */
  close(): Promise<void>;
}

/** Prepares the way to a candidate. Errors: USAGE_INVALID, CONFIG_INVALID, TOOL_MISSING, ENGINE_UNAVAILABLE. */
export async function openTransport(candidate: Candidate, options: { signal: AbortSignal }): Promise<Transport> {
  const { address: text, tls } = candidate;
  if (text === SERVICE_ON_DEMAND) return overSocket(await startPodmanService(options), true);
  const address = parseAddress(text, tls?.isWanted ?? false);
  if (address.kind === 'ssh') return overSocket(await openSshRelay(address), false);
  if (address.kind === 'unix')
    return overSocket({ socketPath: address.path, complaint: () => '', async close() {} }, true);
  return overTcp(address, tls);
}

async function overSocket(provider: SocketProvider, isLocal: boolean): Promise<Transport> {
  const { socketPath } = provider;
  const agent = new PlainAgent({ keepAlive: true });
  const cut = cuttable(agent);
  return {
    newClient: await clientMaker({ protocol: 'http', socketPath, agent }),
    cut,
    isLocal,
    address: `unix://${socketPath}`,
    complaint: () => provider.complaint(),
    async close() {
      agent.destroy();
      await provider.close();
    },
  };
}

async function overTcp(address: DaemonAddress & { kind: 'tcp' }, tls: TlsSettings | undefined): Promise<Transport> {
  const { host, port, isTls } = address;
  const certificates = isTls && tls ? await readCertificates(tls) : {};
  const agent = isTls
    ? new TlsAgent({ keepAlive: true, rejectUnauthorized: tls?.verify ?? true, ...certificates })
    : new PlainAgent({ keepAlive: true });
  const cut = cuttable(agent);
  return {
    cut,
    newClient: await clientMaker({ protocol: isTls ? 'https' : 'http', host, port, agent }),
    isLocal: false,
    address: `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`,
    complaint: () => '',
    async close() {
      agent.destroy();
    },
  };
}

interface ClientOptions extends Docker.DockerOptions {
  readonly agent: PlainAgent;
}

/** dockerode reads DOCKER_HOST and DOCKER_CERT_PATH even when it is told everything, and prefers them. */
async function clientMaker(options: ClientOptions): Promise<Transport['newClient']> {
  const { default: Dockerode } = await import('dockerode');
  return (apiVersion) => {
    const { DOCKER_HOST } = process.env;
    delete process.env.DOCKER_HOST;
    try {
      return new Dockerode({ ...options, ...(apiVersion === undefined ? {} : { version: `v${apiVersion}` }) });
    } finally {
      if (DOCKER_HOST !== undefined) process.env.DOCKER_HOST = DOCKER_HOST;
    }
  };
}

interface Certificates {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

/** Each may be missing: without `ca.pem` the system's authorities count, without the others the client stays unknown. */
async function readCertificates({ certDirectory }: TlsSettings): Promise<Certificates> {
  const found: Certificates = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = join(certDirectory, `${name}.pem`);
    try {
      found[name] = await readFile(path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') continue;
      throw new TraceSlimError('CONFIG_INVALID', `${path} cannot be read: ${errnoOf(error) ?? error}`, {
        cause: error,
      });
    }
  }
  return found;
}
