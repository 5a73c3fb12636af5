import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import { TraceSlimError } from '../../../errors.ts';
import { entriesOf, textAt } from './client-files.ts';
import type { Daemon } from './daemon.ts';
import { type AskOptions, asked } from './errors.ts';
import type { Transport } from './transport.ts';

/** API versions this program knows: Docker 19.03 has the first, Docker 28.0 the last. */
const OLDEST = '1.40';
const NEWEST = '1.48';

/**
 * Asks a daemon what it is, and makes a client for the newest API version both know. `doing` is for errors. Errors:
 * ENGINE_UNAVAILABLE for versions without a common API and for what is no daemon.
 */
export async function describeDaemon(
  transport: Transport,
  doing: string,
  options: AskOptions,
): Promise<Pick<Daemon, 'docker' | 'name' | 'info'>> {
  const client = transport.newClient();
  const [podmanApi, info]: [string | undefined, unknown] = await asked(
    Promise.all([podmanApiVersion(client), client.info()]),
    doing,
    options,
  );
  const version: unknown = podmanApi ? podmanVersion(podmanApi, info) : await asked(client.version(), doing, options);
  const apiVersion = negotiate(version, doing);
  const security = listAt(info, 'SecurityOptions').filter((option) => typeof option === 'string');
  return {
    docker: transport.newClient(apiVersion),
    name: podmanApi ? 'podman' : 'docker',
    info: {
      version: textAt(version, 'Version') ?? 'unknown',
      apiVersion,
      os: textAt(version, 'Os') ?? 'linux',
      architecture: textAt(version, 'Arch') ?? 'amd64',
      isRootless: security.some((option) => option.startsWith('name=rootless')),
      storageDriver: textAt(info, 'Driver') ?? 'unknown',
      securityOptions: security,
      kernel: textAt(info, 'KernelVersion') ?? 'unknown',
      cpus: numberAt(info, 'NCPU'),
      memoryBytes: numberAt(info, 'MemTotal'),
      usesContainerdStore: JSON.stringify(listAt(info, 'DriverStatus')).includes('io.containerd.snapshotter'),
    },
  };
}

/** What Podman says in the headers of a ping; undefined for Docker. */
function podmanApiVersion({ modem }: Docker): Promise<string | undefined> {
  const options = { path: '/_ping', method: 'GET', isStream: true, statusCodes: { 200: true } };
  return new Promise((resolve, reject) => {
    modem.dial(options, (error: unknown, answer: unknown) => {
      if (error) return reject(error);
      const { headers } = (answer as IncomingMessage).resume();
      resolve('libpod-api-version' in headers ? String(headers['api-version']) : undefined);
    });
  });
}

/** Podman takes up to a second for `/version`, which tells no more than this. */
function podmanVersion(apiVersion: string, info: unknown): unknown {
  return {
    ApiVersion: apiVersion,
    Version: textAt(info, 'ServerVersion'),
    Os: textAt(info, 'OSType'),
    Arch: textAt(info, 'Architecture'),
  };
}

/** What `/version` says counts: a daemon may answer requests of versions it does not know. */
function negotiate(version: unknown, doing: string): string {
  const newest = textAt(version, 'ApiVersion') ?? '';
  const oldest = textAt(version, 'MinAPIVersion') ?? OLDEST;
  if (!/^\d+\.\d+$/.test(newest)) {
    throw new TraceSlimError('ENGINE_UNAVAILABLE', `${doing} failed: what answers there is no Docker API`, {
      hint: 'See what the address belongs to.',
    });
  }
  const common = isOlder(newest, NEWEST) ? newest : NEWEST;
  if (isOlder(common, OLDEST) || isOlder(common, oldest)) {
    const range = oldest === newest ? newest : `${oldest} to ${newest}`;
    throw new TraceSlimError('ENGINE_UNAVAILABLE', `${doing} failed: the daemon speaks API ${range}`, {
      hint: `This version of trace-slim needs one of ${OLDEST} to ${NEWEST}: Docker 19.03 or newer, Podman 4.3 or newer.`,
      context: { oldest, newest },
    });
  }
  return common;
}

function isOlder(a: string, b: string): boolean {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a.split('.').map(Number), b.split('.').map(Number)];
  return majorA === majorB ? minorA < minorB : majorA < majorB;
}

function listAt(value: unknown, key: string): unknown[] {
  const found = new Map(entriesOf(value)).get(key);
  return Array.isArray(found) ? found : [];
}

function numberAt(value: unknown, key: string): number {
  const found = new Map(entriesOf(value)).get(key);
  return typeof found === 'number' ? found : 0;
}
