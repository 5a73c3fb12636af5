import { join } from 'node:path';
import { execa } from 'execa';
import { TraceSlimError } from '../../../errors.ts';
import type { ImageName } from '../../../image/reference.ts';
import {
  type ClientEnvironment,
  clientEnvironment,
  dockerConfigDirectory,
  entriesOf,
  readJsonFile,
  runtimeDirectory,
  textAt,
} from './client-files.ts';

/** What a daemon is sent as `X-Registry-Auth`. Never to be logged. */
type RegistryCredentials = { readonly serveraddress: string } & (
  | { readonly username: string; readonly password: string }
  | { readonly identitytoken: string }
  | { readonly registrytoken: string }
);

export interface FoundCredentials {
  readonly credentials: RegistryCredentials | undefined;
  /** Why a place where credentials may be could not be asked. */
  readonly problems: readonly string[];
}

/** A login file of one of the clients, or what stands for one. */
interface LoginFile {
  readonly place: string;
  readonly content: () => Promise<Record<string, unknown> | undefined>;
}

/** Docker Hub, under the name its logins have had since the first registry API. */
const HUB_SERVER = 'https://index.docker.io/v1/';

const HELPER_TIMEOUT_MS = 15_000;

/**
 * The user's login for the registry of an image, from where the clients keep it: `DOCKER_AUTH_CONFIG`, the docker client's
 * config.json with its helpers, Podman's auth.json. Podman's are asked first for Podman. None is no failure.
 */
export async function findCredentials(
  name: ImageName,
  options: { engine: 'docker' | 'podman'; signal: AbortSignal; user?: ClientEnvironment },
): Promise<FoundCredentials> {
  const { engine, signal, user = clientEnvironment() } = options;
  const problems: string[] = [];
  for (const { place, content } of loginFiles(engine, user)) {
    try {
      const file = await content();
      const credentials = file && (await fromFile(file, name, { signal, env: user.env }));
      if (credentials) return { credentials, problems };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TraceSlimError)) throw error;
      problems.push(`${place}: ${error.message}`);
    }
  }
  return { credentials: undefined, problems };
}

function loginFiles(engine: 'docker' | 'podman', user: ClientEnvironment): LoginFile[] {
  const { env, home } = user;
  const variable = {
    place: 'DOCKER_AUTH_CONFIG',
    content: async () => (env.DOCKER_AUTH_CONFIG ? parseVariable(env.DOCKER_AUTH_CONFIG) : undefined),
  };
  const file = (place: string): LoginFile => ({ place, content: () => readJsonFile(place) });
  const docker = file(join(dockerConfigDirectory(user), 'config.json'));
  const podman = env.REGISTRY_AUTH_FILE
    ? [env.REGISTRY_AUTH_FILE]
    : [
        join(runtimeDirectory(user), 'containers', 'auth.json'),
        join(env.XDG_CONFIG_HOME || join(home, '.config'), 'containers', 'auth.json'),
      ];
  const podmanFiles = podman.map(file);
  return engine === 'podman' ? [...podmanFiles, variable, docker] : [variable, docker, ...podmanFiles];
}

function parseVariable(text: string): Record<string, unknown> {
  try {
    return Object.fromEntries(entriesOf(JSON.parse(text)));
  } catch {
    throw new TraceSlimError('CONFIG_INVALID', 'it is no JSON');
  }
}

interface LookUp {
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

async function fromFile(
  file: Record<string, unknown>,
  name: ImageName,
  lookUp: LookUp,
): Promise<RegistryCredentials | undefined> {
  const server = name.registry === 'docker.io' ? HUB_SERVER : name.registry;
  const helper = bestEntry(file.credHelpers, name) ?? file.credsStore;
  if (typeof helper === 'string' && helper !== '') {
    const stored = await fromHelper(helper, server, lookUp);
    if (stored) return stored;
  }
  return fromEntry(bestEntry(file.auths, name), server);
}

/** The value of the key that names the most of `registry/repository`. Podman's keys may name a part of a registry. */
function bestEntry(entries: unknown, { registry, repository }: ImageName): unknown {
  const wanted = `${registry}/${repository}/`;
  const matches = entriesOf(entries)
    .map(([key, value]) => ({ key: `${normalizedKey(key)}/`, value }))
    .filter(({ key }) => wanted.startsWith(key))
    .sort((a, b) => b.key.length - a.key.length);
  return matches[0]?.value;
}

/** `https://registry.example/v2/` is `registry.example`, and all names of Docker Hub are `docker.io`. */
function normalizedKey(key: string): string {
  const bare = key
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '')
    .replace(/\/v[12]$/, '');
  return bare.replace(/^(?:index|registry-1|www)\.docker\.io(?=\/|$)/, 'docker.io');
}

function fromEntry(entry: unknown, serveraddress: string): RegistryCredentials | undefined {
  const identitytoken = textAt(entry, 'identitytoken');
  if (identitytoken) return { serveraddress, identitytoken };
  const registrytoken = textAt(entry, 'registrytoken');
  if (registrytoken) return { serveraddress, registrytoken };
  const encoded = textAt(entry, 'auth');
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(encoded ? Buffer.from(encoded, 'base64').toString('utf8') : '') ?? [];
  const username = textAt(entry, 'username') ?? user;
  // Old clients padded it with zero bytes.
  const password = textAt(entry, 'password') ?? secret?.replace(/\0+$/, '');
  return username && password !== undefined ? { serveraddress, username, password } : undefined;
}

/** Helpers answer a request without a login on standard output, with a bad status. */
const NO_LOGIN = /credentials not found|no credentials|not found in native keychain/i;

/** The user name that says that the secret is a token. */
const TOKEN_USER = '<token>';

async function fromHelper(
  helper: string,
  serveraddress: string,
  { signal, env }: LookUp,
): Promise<RegistryCredentials | undefined> {
  const program = `docker-credential-${helper}`;
  const failed = (why: string) => new TraceSlimError('TOOL_MISSING', `${program} ${why}`);
  if (!/^[\w.-]+$/.test(helper)) throw failed('is no name of a program');
  const options = { input: serveraddress, env, extendEnv: false, timeout: HELPER_TIMEOUT_MS, cancelSignal: signal };
  const result = await execa(program, ['get'], { ...options, reject: false, maxBuffer: 1024 * 1024 });
  signal.throwIfAborted();
  if (result.timedOut) throw failed(`did not answer within ${HELPER_TIMEOUT_MS / 1000} s`);
  if (result.code === 'ENOENT') throw failed('is not installed');
  if (result.exitCode !== 0) {
    if (NO_LOGIN.test(result.stdout) || NO_LOGIN.test(result.stderr)) return undefined;
    throw failed(`ended with status ${result.exitCode ?? result.code}`);
  }
  const answer = parseVariable(result.stdout);
  const [username, secret] = [textAt(answer, 'Username'), textAt(answer, 'Secret')];
  if (!username || secret === undefined) return undefined;
  return username === TOKEN_USER
    ? { serveraddress, identitytoken: secret }
    : { serveraddress, username, password: secret };
}
