import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { probeSchema } from '../../../support/probe-schema.ts';

const FILE = fileURLToPath(new URL('../../../../schema/probes.schema.json', import.meta.url));

it('the JSON Schema for editors says what the loader says; `npm run schema` renews it', async () => {
  await expect(probeSchema()).toMatchFileSnapshot(FILE);
});
