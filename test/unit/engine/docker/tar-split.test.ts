import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTarSplit } from '../../../../src/engine/docker/tar-split.ts';
import { temporaryDirectory } from '../../../support/engine.ts';
import { entryBytes } from '../../../support/tar.ts';

/** What is kept of an archive with a directory, and a file in another one that has no entry. */
const LINES = [
  { type: 2, payload: entryBytes({ name: 'a/', typeflag: '5' }).toString('base64') },
  { type: 2, payload: entryBytes({ name: 'b/c', sizeBytes: 3 }).subarray(0, 512).toString('base64') },
  { type: 1, name: 'b/c', size: 3 },
  { type: 2, payload: Buffer.alloc(509 + 1024).toString('base64') },
];

const WHOLE = gzipSync(LINES.map((line) => JSON.stringify(line)).join('\n'));

describe('what a daemon keeps of the tar of a layer', () => {
  it('tells the directories that have no entry', async () => {
    using work = temporaryDirectory();
    const file = join(work.path, 'split.gz');
    writeFileSync(file, WHOLE);
    expect(await readTarSplit(file)).toEqual({ implicitDirectories: ['/', '/b'], opaqueDirectories: [] });
  });

  it.each([
    ['is not there', undefined],
    ['is no archive', Buffer.from('nonsense')],
    ['is cut short', WHOLE.subarray(0, 80)],
    ['has other lines', gzipSync('{')],
  ])('rejects when it %s', async (_, content) => {
    using work = temporaryDirectory();
    const file = join(work.path, 'split.gz');
    if (content) writeFileSync(file, content);
    await expect(readTarSplit(file)).rejects.toThrow();
  });
});
