import type { Container } from 'dockerode';
import { describe, expect, it } from 'vitest';
import { volumeLogs } from '../../../../src/engine/docker/volume-logs.ts';
import { toolkitPaths } from '../../../../src/engine/toolkit-paths.ts';
import { temporaryDirectory } from '../../../support/engine.ts';
import { streamOf, type TestEntry, tarBytes } from '../../../support/tar.ts';

const toolkit = toolkitPaths({ runId: 'r', loader: 'ld.so' });

function logsOf(directory: string, entries: readonly TestEntry[]) {
  const container = { getArchive: async () => streamOf(tarBytes(entries)) } as unknown as Container;
  return volumeLogs({ container, toolkit, directory, isRunning: () => false });
}

describe('logs that are fetched from a volume', () => {
  it('are the regular files of the folder, whatever else is there', async () => {
    using work = temporaryDirectory();
    const logs = logsOf(work.path, [
      { name: 'logs/', typeflag: '5' },
      { name: 'logs/main', body: 'x' },
      { name: 'logs/link', typeflag: '2', linkName: '/etc/passwd' },
      { name: 'logs/../up', body: 'x' },
      { name: 'logs/below/deep', body: 'x' },
      { name: 'logs/.gate-main', body: '1' },
    ]);
    expect(await logs.names()).toEqual(['main']);
    expect(await logs.size('main')).toBe(1);
  });

  it.each(['logs/main', 'logs/.hole'])('are not fetched when there is no end of %s', async (name) => {
    using work = temporaryDirectory();
    const logs = logsOf(work.path, [{ name, sizeBytes: 2 ** 40, pax: { size: String(2 ** 40) } }]);
    await expect(logs.names()).rejects.toMatchObject({ code: 'TRACE_INCOMPLETE' });
  });
});
