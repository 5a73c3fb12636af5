import type { MountSettings as ApiMount, Container, ContainerCreateOptions } from 'dockerode';
import { asked } from './api/errors.ts';
import type { Delivered } from './delivery.ts';
import type { DaemonRun } from './run.ts';

/** Creates a container by the first way the daemon accepts. */
export async function createDelivered(
  run: DaemonRun,
  name: string,
  image: string,
  body: (mounts: readonly ApiMount[]) => ContainerCreateOptions,
): Promise<{ container: Container; delivered: Delivered }> {
  for await (const delivered of run.delivery.ways(`${run.id}-${name}`, image)) {
    let container: Container | undefined;
    try {
      const created = run.daemon.docker.createContainer({
        ...body(delivered.mounts),
        name: `trace-slim-${run.id}-${name}`,
      });
      container = await asked(created, 'creating a container');
      await delivered.prepare(container);
      return { container, delivered };
    } catch (error) {
      if (container) await asked(container.remove({ force: true, v: true }), 'removing a container').catch(() => {});
      if (!delivered.isRefused(error)) throw error;
    }
  }
  throw new Error('a daemon has refused every way');
}
