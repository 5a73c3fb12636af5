import { describe, expect, it } from 'vitest';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import { editPermissions, type Permissions } from '../../../src/tar/edit-permissions.ts';
import { collect, recordsOf, streamOf, type TestEntry, tarBytes } from '../../support/tar.ts';

const ENTRIES: readonly TestEntry[] = [
  { name: './', typeflag: '5', mode: 0o755 },
  { name: './app/', typeflag: '5', mode: 0o700, mtimeSeconds: 1234 },
  { name: './app/tool', mode: 0o755, body: 'x'.repeat(700), pax: { 'SCHILY.xattr.user.note': 'kept', uid: '5000000' } },
  { name: './app/link', typeflag: '2', linkName: 'tool' },
  { name: './app/other', mode: 0o644, body: 'y' },
];

async function edited(edits: Record<string, Permissions>, entries = ENTRIES) {
  const changes = new Map(Object.entries(edits).map(([path, edit]) => [imagePathFromText(path), edit]));
  return collect(editPermissions(streamOf(tarBytes(entries), 600), changes));
}

describe('a layer with edited permissions', () => {
  it('is the same bytes when there is nothing to edit', async () => {
    expect(await edited({})).toEqual(tarBytes(ENTRIES));
    expect(await edited({ '/nowhere': { mode: 0o777 } })).toEqual(tarBytes(ENTRIES));
  });

  it('differs in nothing but the fields asked for', async () => {
    const expected = ENTRIES.map((entry) =>
      entry.name === './app/' ? { ...entry, mode: 0o4755, uid: 1000, gid: 1001 } : entry,
    );
    expect(await edited({ '/app': { mode: 0o4755, uid: 1000, gid: 1001 } })).toEqual(tarBytes(expected));
  });

  it('overrules what an extended header says of the owner, and keeps its other records', async () => {
    const [, , tool] = await recordsOf(await edited({ '/app/tool': { uid: 33 } }));
    expect(tool).toMatchObject({ name: './app/tool', header: { uid: 33, gid: 0, mode: 0o755 } });
    expect([...(tool?.pax ?? [])]).toEqual([['SCHILY.xattr.user.note', Buffer.from('kept')]]);
    expect(tool?.bodyBytes.toString()).toContain('x'.repeat(700));
  });

  it('leaves symbolic links alone', async () => {
    expect(await edited({ '/app/link': { mode: 0o600, uid: 1 } })).toEqual(tarBytes(ENTRIES));
  });

  it('drops names of owners, which would be looked up instead of the numbers', async () => {
    const named = tarBytes([{ name: 'a', body: '' }]);
    named.write('nobody', 265);
    named.write(
      `${[...named.subarray(0, 512)]
        .reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const result = await collect(editPermissions(streamOf(named), new Map([[imagePathFromText('/a'), { uid: 7 }]])));
    expect(result.toString('latin1', 265, 271)).toBe('\0'.repeat(6));
    expect((await recordsOf(result))[0]?.header.uid).toBe(7);
  });

  it('fails like the layer it is made from', async () => {
    const broken = editPermissions(
      streamOf(tarBytes(ENTRIES).subarray(0, 2000)),
      new Map([[imagePathFromText('/app'), { mode: 1 }]]),
    );
    await expect(collect(broken)).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });
});
