import { z } from 'zod';
import { probeDocument } from '../../src/probe/file/document.ts';

/** The text of schema/probes.schema.json: what editors know of probe files. */
export function probeSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(probeDocument, { io: 'input', target: 'draft-7', reused: 'ref' });
  const head = { $schema, title: 'trace-slim probe file', description: 'See probes/README.md.' };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}
