import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readApiSpecs } from '../../../src/cli/api-specs.ts';
import { temporaryDirectory } from '../../support/engine.ts';

async function specsOf(options: Parameters<typeof readApiSpecs>[0]) {
  const files = await readApiSpecs(options);
  return files.flatMap(({ main }) => main?.probes.flatMap(({ items }) => items.map(({ spec }) => spec)) ?? []);
}

describe('API documents on the command line', () => {
  it('are served by the application, with or without a prefix', async () => {
    expect(await specsOf({ httpProbeApispec: ['/openapi.json', '/api.json:/v1'] })).toMatchObject([
      { path: '/openapi.json', methods: 'safe' },
      { path: '/api.json', prefix: '/v1' },
    ]);
  });

  it('are files of this host, read at once', async () => {
    using folder = temporaryDirectory();
    const file = join(folder.path, 'api.json');
    writeFileSync(file, '{}');
    expect(await specsOf({ httpProbeApispecFile: [file] })).toMatchObject([{ file, document: '{}' }]);
  });

  it.each(['openapi.json', '/a:v1'])('refuse %s', async (text) => {
    await expect(readApiSpecs({ httpProbeApispec: [text] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
