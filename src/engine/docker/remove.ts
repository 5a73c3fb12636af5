import type { Daemon } from './api/connect.ts';
import { asked } from './api/errors.ts';
import { ownerOfName, RUN_LABEL, TEMPORARY_REPOSITORY } from './labels.ts';

/** Removes everything that a run has made at a daemon: containers first, then what they used. */
export async function removeRun({ docker }: Daemon, runId: string): Promise<void> {
  const doing = 'removing what this run has made at the daemon';
  const filters = { label: [`${RUN_LABEL}=${runId}`] };
  const containers = await asked(docker.listContainers({ all: true, filters }), doing);
  for (const { Id } of containers) await asked(docker.getContainer(Id).remove({ force: true, v: true }), doing);
  const { Volumes } = await asked(docker.listVolumes({ filters }), doing);
  for (const { Name } of Volumes ?? []) await asked(docker.getVolume(Name).remove({ force: true }), doing);
  const networks = await asked(docker.listNetworks({ filters }), doing);
  for (const { Id } of networks) await asked(docker.getNetwork(Id).remove(), doing);
  const names = (await temporaryNames(docker)).filter((name) => ownerOfName(name)?.run === runId);
  // An image that has another name by now only loses this one.
  for (const name of names) await asked(docker.getImage(name).remove({ force: false }), doing);
}

/** The temporary names that images have at a daemon, of all runs. */
export async function temporaryNames(docker: Daemon['docker']): Promise<string[]> {
  const filters = { reference: [TEMPORARY_REPOSITORY] };
  const images = await asked(docker.listImages({ filters }), 'looking for what runs have left');
  return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => ownerOfName(name) !== undefined);
}
