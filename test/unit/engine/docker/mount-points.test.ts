import type { Container } from 'dockerode';
import { describe, expect, it } from 'vitest';
import { findMountPoints } from '../../../../src/engine/docker/mount-points.ts';
import { imagePathFromText } from '../../../../src/rootfs/path.ts';
import { streamOf, type TestEntry, tarBytes } from '../../../support/tar.ts';

/** A created container with one file of the image at `/etc/hosts`. */
function containerWith(hosts: TestEntry): Container {
  const missing = Object.assign(new Error('no such file'), { statusCode: 404 });
  return {
    inspect: async () => ({ Created: '2026-01-01T00:00:00Z', Mounts: [] }),
    getArchive: async ({ path }: { path: string }) => {
      if (path !== '/etc/hosts') throw missing;
      return streamOf(tarBytes([hosts]));
    },
  } as unknown as Container;
}

describe("the image's files below a daemon's mounts", () => {
  it('are read from a container that has not started', async () => {
    const found = await findMountPoints(containerWith({ name: 'hosts', body: 'mine', mtimeSeconds: 1 }), {
      imageSeconds: 0,
      engine: 'docker',
    });
    expect(found.contentOf(imagePathFromText('/etc/hosts'))?.toString()).toBe('mine');
  });

  it('are refused when they are too large to be put into a layer from memory', async () => {
    const container = containerWith({ name: 'hosts', sizeBytes: 2 ** 25, mtimeSeconds: 1 });
    await expect(findMountPoints(container, { imageSeconds: 0, engine: 'docker' })).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
    });
  });
});
