import type { Container, ContainerInfo } from 'dockerode';
import type { TraceSlimError } from '../../errors.ts';
import type { Daemon } from './api/connect.ts';
import { asked } from './api/errors.ts';
import { ownerOfName, RUN_LABEL, TEMPORARY_REPOSITORY } from './labels.ts';

/** Removals that nobody has to wait for before the end of the run. */
export class Removals {
  readonly #pending = new Set<Promise<void>>();

  /** Removes a container with its volumes. One that could not be removed is left to {@link removeRun}. */
  start(container: Container): void {
    const removing = asked(container.remove({ force: true, v: true }), 'removing a container').catch(() => {});
    this.#pending.add(removing);
    void removing.finally(() => this.#pending.delete(removing));
  }

  async finished(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** Removes everything that a run has made at a daemon: containers first, then what they used. */
export async function removeRun({ docker }: Daemon, runId: string): Promise<void> {
  const doing = 'removing what this run has made at the daemon';
  const label = `${RUN_LABEL}=${runId}`;
  const filters = { label: [label] };
  const [containers, { Volumes }, networks, names] = await Promise.all([
    labelledContainers(docker, label),
    asked(docker.listVolumes({ filters }), doing),
    asked(docker.listNetworks({ filters }), doing),
    temporaryNames(docker),
  ]);
  await removeAll(
    containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })),
    doing,
  );
  const ours = names.filter((name) => ownerOfName(name)?.run === runId);
  await removeAll(
    [
      ...(Volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove({ force: true })),
      ...networks.map(({ Id }) => docker.getNetwork(Id).remove()),
      // An image that has another name by now only loses this one.
      ...ours.map((name) => docker.getImage(name).remove({ force: false })),
    ],
    doing,
  );
}

/**
 * Containers that were made with a label, or one of that name. A container also has the labels of its image, which
 * anybody can have written: where both say the same, it is not ours, for no image knows the id of a run.
 */
export async function labelledContainers(docker: Daemon['docker'], label: string): Promise<ContainerInfo[]> {
  const doing = 'looking for what runs have left';
  const filters = { label: [label] };
  const [containers, images] = await Promise.all([
    asked(docker.listContainers({ all: true, filters }), doing),
    asked(docker.listImages({ all: true, filters }), doing),
  ]);
  const said = new Map(images.map(({ Id, Labels }) => [bareId(Id), Labels?.[RUN_LABEL]]));
  return containers.filter(({ ImageID, Labels }) => Labels[RUN_LABEL] !== said.get(bareId(ImageID)));
}

function bareId(id: string): string {
  return id.replace(/^sha256:/, '');
}

/** What is gone already is as it should be. All are tried before the first failure counts. */
async function removeAll(removals: readonly Promise<unknown>[], doing: string): Promise<void> {
  const removed = removals.map((removal) =>
    asked(removal, doing).catch((error: TraceSlimError) => {
      if (error.context.status !== 404) throw error;
    }),
  );
  const failed = (await Promise.allSettled(removed)).find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}

/** The temporary names that images have at a daemon, of all runs. */
export async function temporaryNames(docker: Daemon['docker']): Promise<string[]> {
  const filters = { reference: [TEMPORARY_REPOSITORY] };
  const images = await asked(docker.listImages({ filters }), 'looking for what runs have left');
  return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => ownerOfName(name) !== undefined);
}
