import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, TraceSlimError } from '../../../errors.ts';

/** The user's environment as the docker and podman clients see it. */
export interface ClientEnvironment {
  readonly env: NodeJS.ProcessEnv;
  /** The user's home folder. */
  readonly home: string;
}

export function clientEnvironment(): ClientEnvironment {
  return { env: process.env, home: homedir() };
}

/** The folder of the docker client's files. */
export function dockerConfigDirectory({ env, home }: ClientEnvironment): string {
  return env.DOCKER_CONFIG || join(home, '.docker');
}

/** Where sockets and logins of this user's session are. */
export function runtimeDirectory({ env }: ClientEnvironment): string {
  return env.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.() ?? 0}`;
}

/**
 * A JSON object in a file, as a record; undefined when there is no such file. Fails with CONFIG_INVALID for anything
 * else than an object and for a file that may not be read.
 */
export async function readJsonFile(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return recordOf(JSON.parse(await readFile(path, 'utf8')), path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    if (error instanceof TraceSlimError) throw error;
    throw new TraceSlimError('CONFIG_INVALID', `${path} cannot be read: ${errno ?? 'it is no JSON'}`);
  }
}

/** Keys of an unknown value; none when it is no object. */
export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

/** One key of an unknown value, when it is a text that is not empty. */
export function textAt(value: unknown, key: string): string | undefined {
  const found = entriesOf(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function recordOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TraceSlimError('CONFIG_INVALID', `${path} cannot be read: it is no JSON object`);
}

export interface TlsSettings {
  /** False: only for addresses that ask for it themselves. */
  readonly isWanted: boolean;
  readonly verify: boolean;
  /** May have ca.pem, cert.pem and key.pem. */
  readonly certDirectory: string;
}

/** What a Docker context says about its daemon. */
interface DockerContext {
  readonly host: string;
  readonly tls: TlsSettings;
}

/** Reads a Docker context by name. Fails with CONFIG_INVALID when there is none or it names no daemon. */
export async function readContext(name: string, user: ClientEnvironment): Promise<DockerContext> {
  const contexts = join(dockerConfigDirectory(user), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const meta = await readJsonFile(join(contexts, 'meta', id, 'meta.json'));
  if (!meta) {
    throw new TraceSlimError('CONFIG_INVALID', `there is no Docker context ${name} in ${contexts}`, {
      hint: '`docker context ls` shows those that are there.',
    });
  }
  const endpoint = new Map(entriesOf(meta.Endpoints)).get('docker');
  const host = textAt(endpoint, 'Host');
  if (host === undefined) throw new TraceSlimError('CONFIG_INVALID', `the Docker context ${name} names no daemon`);
  const verify = new Map(entriesOf(endpoint)).get('SkipTLSVerify') !== true;
  const certDirectory = join(contexts, 'tls', id, 'docker');
  const files = await readdir(certDirectory).catch(() => []);
  return { host, tls: { isWanted: !verify || files.length > 0, verify, certDirectory } };
}
