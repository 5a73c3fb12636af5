import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INCLUDE_OPTIONS, type KeepOptions } from '../../../src/cli/keep-options.ts';
import { readKeepSettings } from '../../../src/cli/keep-settings.ts';
import { INCLUDE_SETS } from '../../../src/keep/include-sets.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keep-settings-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function read(options: KeepOptions) {
  const notices: string[] = [];
  return { ...(await readKeepSettings(options, (text) => notices.push(text))), notices };
}

describe('what is to be kept by hand', () => {
  it('is named by options that mean a set, a directory of a framework or layers', async () => {
    const { includes } = await read({
      includeZoneinfo: true,
      includeWorkdir: true,
      includeAppNextBuildDir: true,
      includeNodePackage: ['express'],
      includeDirBins: ['/opt/bin'],
      includeLastImageLayers: '2',
      includeCertAll: false,
    });
    expect(includes).toEqual([
      { option: '--include-dir-bins', kind: 'binaries-in', value: '/opt/bin' },
      { option: '--include-workdir', kind: 'workdir', value: '' },
      { option: '--include-zoneinfo', kind: 'set', value: 'zoneinfo' },
      { option: '--include-node-package', kind: 'node-package', value: 'express' },
      { option: '--include-app-next-build-dir', kind: 'node-app', value: 'next/build-dir' },
      { option: '--include-last-image-layers', kind: 'layers', value: '2' },
    ]);
  });

  it('is never a set that nobody knows', () => {
    const sets = INCLUDE_OPTIONS.filter(({ item }) => item === 'set').map(({ itemValue }) => itemValue);
    expect(sets.sort()).toEqual(Object.keys(INCLUDE_SETS).sort());
  });

  it('is every file of a report of SlimToolkit', async () => {
    const report = await file(
      'creport.json',
      JSON.stringify({ image: { files: [{ file_path: '/a' }, { file_path: '/b' }] } }),
    );
    expect((await read({ includePathsCreportFile: [report] })).includes.map(({ value }) => value)).toEqual([
      '/a',
      '/b',
    ]);
    const broken = await file('broken.json', '{"image":{}}');
    await expect(read({ includePathsCreportFile: [broken] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is the layers of the application, from an instruction on if one is named', async () => {
    const { includes } = await read({ includeAppImageAll: true, appImageStartInstruction: 'COPY . /app' });
    expect(includes).toEqual([{ option: '--include-app-image-all', kind: 'layers', value: 'COPY . /app' }]);
    expect((await read({ appImageStartInstruction: 'COPY . /app' })).notices).toHaveLength(1);
  });
});

describe('owners and modes', () => {
  it('are read from --path-perms and its file', async () => {
    const list = await file('perms.txt', '# data\n/data:700#33#33\n/run:#1000\n');
    expect((await read({ pathPerms: ['/app/run.sh:4755', '/b:#1#2'], pathPermsFile: [list] })).permissions).toEqual([
      { option: '--path-perms', path: '/app/run.sh', mode: 0o4755 },
      { option: '--path-perms', path: '/b', uid: 1, gid: 2 },
      { option: '--path-perms-file', path: '/data', mode: 0o700, uid: 33, gid: 33 },
      { option: '--path-perms-file', path: '/run', uid: 1000 },
    ]);
  });

  it('may stand behind an included path, and nothing else is taken for one', async () => {
    const list = await file('paths.txt', '/dir:755#1000#1000\n/plain\n');
    const { includes, permissions } = await read({ includePath: ['/a:b', '/c:12'], includePathFile: [list] });
    expect(includes.map(({ value }) => value)).toEqual(['/a:b', '/c:12', '/dir', '/plain']);
    expect(permissions).toEqual([{ option: '--include-path-file', path: '/dir', mode: 0o755, uid: 1000, gid: 1000 }]);
  });

  it.each(['/a', '/a:', 'a:755', '/a:77777', '/a:755#99999999999'])('are not %s', async (text) => {
    await expect(read({ pathPerms: [text] })).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });
});
