import { join } from 'node:path';
import { TraceSlimError } from '../../../errors.ts';
import type { EngineSettings } from '../../../settings.ts';
import {
  type ClientEnvironment,
  clientEnvironment,
  dockerConfigDirectory,
  readContext,
  readJsonFile,
  runtimeDirectory,
  type TlsSettings,
  textAt,
} from './client-files.ts';

/** A place where a daemon may be. */
export interface Candidate {
  /** What names it: an option, a variable, a context, or what usually is there. */
  readonly origin: string;
  /** `podman service`: one that is started for this run. */
  readonly address: string;
  readonly tls?: TlsSettings;
  /** Why it cannot even be tried. */
  readonly problem?: TraceSlimError;
}

/** The address that stands for Podman's service on demand. */
export const SERVICE_ON_DEMAND = 'podman system service';

/**
 * Every daemon to try, best first. One that is named, by an option, a variable or the current context, rules out those
 * that are merely looked for.
 */
export async function listCandidates(settings: EngineSettings, user = clientEnvironment()): Promise<Candidate[]> {
  if (settings.engine === 'local') return [];
  const named = await namedDocker(settings, user);
  const container = user.env.CONTAINER_HOST;
  const podman = container ? [{ origin: 'CONTAINER_HOST', address: container }] : [];
  if (settings.host !== undefined || settings.context !== undefined) return named;
  if (settings.engine === 'docker') return named.length > 0 ? named : usual('docker', user);
  if (settings.engine === 'podman') return podman.length > 0 ? podman : [...named, ...usual('podman', user)];
  if (named.length > 0 || podman.length > 0) return [...named, ...podman];
  return [...usual('docker', user), ...usual('podman', user)];
}

/** The daemon the docker client would talk to, when something names one. Its order. */
async function namedDocker(settings: EngineSettings, user: ClientEnvironment): Promise<Candidate[]> {
  const { env } = user;
  const tls = tlsSettings(settings, user);
  if (settings.host !== undefined) return [{ origin: '--host', address: settings.host, tls }];
  if (settings.context !== undefined) return [await contextCandidate('--context', settings.context, settings, user)];
  if (env.DOCKER_HOST) return [{ origin: 'DOCKER_HOST', address: env.DOCKER_HOST, tls }];
  if (env.DOCKER_CONTEXT)
    return isDefault(env.DOCKER_CONTEXT)
      ? []
      : [await contextCandidate('DOCKER_CONTEXT', env.DOCKER_CONTEXT, settings, user)];
  const path = join(dockerConfigDirectory(user), 'config.json');
  try {
    const current = textAt(await readJsonFile(path), 'currentContext');
    return current && !isDefault(current) ? [await contextCandidate(path, current, settings, user)] : [];
  } catch (error) {
    if (!(error instanceof TraceSlimError)) throw error;
    return [{ origin: path, address: 'current context', problem: error }];
  }
}

/** The context of that name is the local daemon, and has no file. */
function isDefault(context: string): boolean {
  return context === 'default';
}

async function contextCandidate(
  namedBy: string,
  name: string,
  settings: EngineSettings,
  user: ClientEnvironment,
): Promise<Candidate> {
  const origin = `context ${name} (${namedBy})`;
  if (isDefault(name)) return { origin, address: 'unix:///var/run/docker.sock' };
  try {
    const { host, tls } = await readContext(name, user);
    return { origin, address: host, tls: settings.tls ? tlsSettings(settings, user) : tls };
  } catch (error) {
    if (!(error instanceof TraceSlimError)) throw error;
    return { origin, address: name, problem: error };
  }
}

/** Options, then the docker client's variables. */
function tlsSettings({ tls }: EngineSettings, user: ClientEnvironment): TlsSettings {
  const { DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = user.env;
  const certDirectory = tls?.certDirectory ?? (DOCKER_CERT_PATH || dockerConfigDirectory(user));
  if (tls) return { isWanted: true, verify: tls.verify, certDirectory };
  const isWanted = [DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH].some(Boolean);
  return { isWanted, verify: Boolean(DOCKER_TLS_VERIFY) || !isWanted, certDirectory };
}

/** Where daemons usually are. `~` is the home folder, `$` the session's folder. */
const USUAL: Readonly<Record<'docker' | 'podman', readonly (readonly [origin: string, address: string])[]>> = {
  docker: [
    ['Docker', '/var/run/docker.sock'],
    ['rootless Docker', '$/docker.sock'],
    ['Docker Desktop', '~/.docker/run/docker.sock'],
    ['Docker Desktop', '~/.docker/desktop/docker.sock'],
    ['Colima', '~/.colima/default/docker.sock'],
    ['Rancher Desktop', '~/.rd/docker.sock'],
    ['OrbStack', '~/.orbstack/run/docker.sock'],
  ],
  podman: [
    ['Podman', '/run/podman/podman.sock'],
    ['rootless Podman', '$/podman/podman.sock'],
    ['Podman machine', '~/.local/share/containers/podman/machine/podman.sock'],
    ['Podman on demand', SERVICE_ON_DEMAND],
  ],
};

function usual(engine: 'docker' | 'podman', user: ClientEnvironment): Candidate[] {
  return USUAL[engine].map(([origin, place]) => ({
    origin,
    address:
      place === SERVICE_ON_DEMAND
        ? place
        : `unix://${place.replace(/^~/, user.home).replace(/^\$/, runtimeDirectory(user))}`,
  }));
}
