import type { CleanReport } from '../../report/results.ts';
import type { EngineSettings } from '../../settings.ts';
import { connectDaemon, type Daemon } from './api/connect.ts';
import { asked } from './api/errors.ts';
import { isOwnerAlive, OWNER_LABEL, ownerOfName, RUN_LABEL } from './labels.ts';
import { labelledContainers, removeRun, temporaryNames } from './remove.ts';

/**
 * Removes what runs of this computer that died have left at the daemons that are found. What another computer has made is
 * kept: whether that is still at work cannot be seen from here.
 */
export async function cleanDaemons(settings: EngineSettings, signal: AbortSignal): Promise<CleanReport> {
  const report = { removed: [] as string[], kept: [] as string[], freedBytes: 0 };
  const { engine } = settings;
  for (const name of ['docker', 'podman'] as const) {
    if (engine !== 'auto' && engine !== name) continue;
    const connecting = connectDaemon({ ...settings, engine: name }, { wanted: [], signal });
    // A daemon that is not there has nothing to be removed, unless it was asked for.
    const daemon = await (engine === 'auto' ? connecting.catch(() => undefined) : connecting);
    signal.throwIfAborted();
    if (daemon) await cleanDaemon(daemon, report);
  }
  return report;
}

async function cleanDaemon(daemon: Daemon, report: { removed: string[]; kept: string[] }): Promise<void> {
  try {
    for (const [run, owner] of await runsAt(daemon)) {
      const subject = `run ${run} at ${daemon.address}`;
      const isAlive = isOwnerAlive(owner);
      if (isAlive) report.kept.push(`${subject}: it is under way`);
      else if (isAlive === undefined) report.kept.push(`${subject}: ${owner.split(' ')[0]} has made it`);
      else {
        await removeRun(daemon, run);
        report.removed.push(subject);
      }
    }
  } finally {
    await daemon.close();
  }
}

/** Ids of runs that have left something, with their owners. */
async function runsAt({ docker }: Daemon): Promise<Map<string, string>> {
  const doing = 'looking for what runs have left';
  const filters = { label: [RUN_LABEL] };
  const [containers, volumes, networks, images] = await Promise.all([
    labelledContainers(docker, RUN_LABEL),
    asked(docker.listVolumes({ filters }), doing),
    asked(docker.listNetworks({ filters }), doing),
    temporaryNames(docker),
  ]);
  const labels = [...containers, ...(volumes.Volumes ?? []), ...networks].map(({ Labels }) => Labels ?? {});
  const named = images.flatMap((name) => ownerOfName(name) ?? []);
  return new Map([
    ...labels.map((given): [string, string] => [given[RUN_LABEL] ?? '', given[OWNER_LABEL] ?? '']),
    ...named.map(({ run, owner }): [string, string] => [run, owner]),
  ]);
}
