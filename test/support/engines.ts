import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { connectDaemon, type Daemon } from '../../src/engine/docker/api/connect.ts';
import { openDaemonEngine } from '../../src/engine/docker/docker-engine.ts';
import { OWNER_LABEL, ownerOfName } from '../../src/engine/docker/labels.ts';
import { temporaryNames } from '../../src/engine/docker/remove.ts';
import { openLocalEngine } from '../../src/engine/local/local-engine.ts';
import type { Engine, EngineName } from '../../src/engine/types.ts';
import type { EngineSettings } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';

/** Where the daemons for tests listen; `scripts/daemons.sh` starts them. */
const SOCKETS = { docker: '/var/run/docker.sock', podman: '/run/podman/podman.sock' } as const;

const listening = new Set<string>();
for (const path of Object.values(SOCKETS)) if (await isListening(path)) listening.add(path);

/** One engine that tests are run on. */
export interface TestEngine {
  readonly name: EngineName;
  readonly settings: EngineSettings;
  open(signal: AbortSignal): Promise<Engine>;
}

/** How tests say which engine they want, also for engines that are not there. */
function settingsOf(name: EngineName): EngineSettings {
  return name === 'local'
    ? { engine: name, pull: 'never' }
    : { engine: name, pull: 'never', host: `unix://${SOCKETS[name]}` };
}

export const ALL_ENGINES: readonly EngineName[] = ['local', 'docker', 'podman'];

/**
 * A suite for each of these engines, its name in the place of `$name`. Those of an engine that is not there are skipped and
 * the reason is told; in CI that is a failure.
 */
export function describeEngines(
  names: readonly EngineName[],
  title: string,
  suite: (engine: TestEngine) => void,
): void {
  for (const name of names) {
    describe.skipIf(!isThere(name))(title.replace('$name', name), () => suite(testEngine(name)));
  }
}

function testEngine(name: EngineName): TestEngine {
  const settings = settingsOf(name);
  const open = (signal: AbortSignal) =>
    name === 'local'
      ? openLocalEngine(stateDirectory(), { signal })
      : openDaemonEngine(settings, { stateDirectory: stateDirectory(), wanted: [], signal });
  return { name, settings, open };
}

function isThere(name: EngineName): boolean {
  if (name === 'local' || listening.has(SOCKETS[name])) return true;
  const reason = `no ${name} daemon listens on ${SOCKETS[name]}; scripts/daemons.sh starts one`;
  if (process.env.CI) throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return false;
}

/** A daemon that was killed has left its socket behind. */
async function isListening(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Puts docker-archives into a daemon's store, under the names they have. */
export async function loadArchives({ docker }: Daemon, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const loading = await docker.loadImage(createReadStream(path), { quiet: true });
    for await (const _ of loading as AsyncIterable<Buffer>);
  }
}

/** What runs of a process have left at a daemon: names of containers, volumes, networks and images. */
export async function daemonLeftovers({ name, settings }: TestEngine, pid = process.pid): Promise<string[]> {
  if (name === 'local') return [];
  const daemon = await connectDaemon(settings, { wanted: [], signal: new AbortController().signal });
  try {
    const filters = { label: [OWNER_LABEL] };
    const isOurs = ({ Labels }: { Labels?: Record<string, string> | null | undefined }) =>
      Labels?.[OWNER_LABEL]?.split(' ')[1] === String(pid);
    const { docker } = daemon;
    const containers = await docker.listContainers({ all: true, filters });
    const { Volumes } = await docker.listVolumes({ filters });
    const networks = await docker.listNetworks({ filters });
    const images = (await temporaryNames(docker)).filter(
      (image) => ownerOfName(image)?.owner.split(' ')[1] === String(pid),
    );
    return [
      ...containers.filter(isOurs).flatMap(({ Names }) => Names),
      ...(Volumes ?? []).filter(isOurs).map((volume) => volume.Name),
      ...networks.filter(isOurs).map((network) => network.Name),
      ...images,
    ];
  } finally {
    await daemon.close();
  }
}

/** A state directory of one test file, so that what is left in it is that file's. */
export function ownStateDirectory(): { enter(): void; leave(): void } {
  let before: string | undefined;
  let path = '';
  return {
    enter() {
      before = process.env.TRACE_SLIM_HOME;
      path = mkdtempSync(join(tmpdir(), 'trace-slim-home-'));
      process.env.TRACE_SLIM_HOME = path;
    },
    leave() {
      if (before === undefined) delete process.env.TRACE_SLIM_HOME;
      else process.env.TRACE_SLIM_HOME = before;
      rmSync(path, { recursive: true, force: true });
    },
  };
}
