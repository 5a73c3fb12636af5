import { expect, test } from 'vitest';
import { openSources } from '../../../src/engine/select.ts';

const { signal } = new AbortController();
const options = { settings: { engine: 'local', pull: 'never' } as const, signal, progress: () => {} };

test.each(['nothing-here.tar', 'nothing-here.tar.gz', './nothing/here', '/nothing/here', 'oci:nothing-here'])(
  '%s is a path, and there is no image at it',
  async (source) => {
    await expect(openSources([source], options)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: expect.stringContaining('there is no image at'),
    });
  },
);

test('what is neither a path nor a name is wrong usage or not found, never a crash', async () => {
  await expect(openSources(['No Such:Name'], options)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
});
