import { describe, expect, it } from 'vitest';
import type { History, Image, ImageConfig } from '../../../src/image/types.ts';
import { resolveLayerIncludes } from '../../../src/keep/layer-includes.ts';
import { streamOf, tarBytes } from '../../support/tar.ts';

const LAYERS = [
  tarBytes([
    { name: 'etc/', typeflag: '5' },
    { name: 'etc/base', body: '1' },
  ]),
  tarBytes([
    { name: 'usr/', typeflag: '5' },
    { name: 'usr/runtime', body: '2' },
  ]),
  tarBytes([{ name: './app/', typeflag: '5' }, { name: './app/.wh.old' }, { name: './app/main', body: '3' }]),
];

const HISTORY: History[] = [
  { created_by: '/bin/sh -c #(nop) ADD file:0a1 in / ' },
  { created_by: '/bin/sh -c #(nop)  CMD ["bash"]', empty_layer: true },
  { created_by: '/bin/sh -c apt-get install -y runtime' },
  { created_by: 'CMD ["runtime"]', empty_layer: true },
  { created_by: 'WORKDIR /app', empty_layer: true },
  { created_by: 'COPY . /app # buildkit' },
  { created_by: 'ENTRYPOINT ["/app/main"]', empty_layer: true },
];

function image(history: History[] = HISTORY): Image {
  const layers = LAYERS.map((bytes) => ({ diffId: 'sha256:0', sizeBytes: bytes.length, open: () => streamOf(bytes) }));
  return { source: 'x.tar', layers, config: { history } as Partial<ImageConfig> } as unknown as Image;
}

async function resolved(value: string, history?: History[]) {
  const keep = { includes: [{ option: '--layers-of', kind: 'layers', value } as const], excludes: [] };
  const { includes } = await resolveLayerIncludes(image(history), keep, new AbortController().signal);
  return includes.map((item) => `${item.kind} ${item.value}`);
}

describe('what is asked for by layer', () => {
  it('is every path that the newest layers have brought, deletions left out', async () => {
    expect(await resolved('1')).toEqual(['entry /app', 'entry /app/main']);
    expect(await resolved('2')).toHaveLength(4);
    expect(await resolved('99')).toHaveLength(6);
  });

  it('is everything since the last image that this one was built upon', async () => {
    expect(await resolved('')).toEqual(['entry /app', 'entry /app/main']);
  });

  it('is everything since an instruction, as it stands in the Dockerfile', async () => {
    expect(await resolved('COPY . /app')).toEqual(['entry /app', 'entry /app/main']);
    expect(await resolved('RUN apt-get install')).toHaveLength(4);
  });

  it('is an error where the history does not tell', async () => {
    await expect(resolved('RUN make')).rejects.toMatchObject({ code: 'USAGE_INVALID' });
    await expect(resolved('', [])).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      hint: expect.stringContaining('--include-last-image-layers'),
    });
  });
});
