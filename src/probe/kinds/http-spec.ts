import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import { parseJsonPath } from '../json-path.ts';
import { headers, listener, oneListener } from './fields.ts';
import { regexOf } from './matcher.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT'] as const;
const PATH = { error: 'must start with /' };

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const fields = z.record(z.string(), z.union([scalar, z.array(scalar)]));

const filePart = z.strictObject({
  file: z.string().min(1).meta({ description: 'Relative to the probe file.' }),
  filename: z.string().optional(),
  type: z.string().optional().meta({ description: 'Media type; application/octet-stream when not given.' }),
});

const captured = z
  .union([
    z.strictObject({ json: z.string().refine((path) => parseJsonPath(path), { error: 'is no JSON path ($.a[0].b)' }) }),
    z.strictObject({ header: z.string().min(1) }),
    z.strictObject({ cookie: z.string().min(1) }),
    z.strictObject({ body: z.string().refine((text) => regexOf(text), { error: 'is no regular expression' }) }),
  ])
  .meta({
    description: 'Where the value is: {json: $.id}, {header: location}, {cookie: name}, {body: a regular expression}.',
  });

const full = z.strictObject({
  path: z.string().startsWith('/', PATH).default('/'),
  method: z.enum(METHODS).default('GET'),
  ...listener,
  protocol: z
    .enum(['http', 'https', 'h2', 'h2c'])
    .optional()
    .meta({ description: 'h2: HTTP/2 over TLS; h2c: HTTP/2 without. Not given: http or https, whatever answers.' }),
  headers: headers.optional(),
  query: fields.optional().meta({ description: 'Added to the path.' }),
  body: z.string().optional(),
  json: z.unknown().optional().meta({ description: 'Sent as application/json.' }),
  form: fields.optional().meta({ description: 'Sent as application/x-www-form-urlencoded.' }),
  multipart: z
    .record(z.string(), z.union([scalar, filePart]))
    .optional()
    .meta({ description: 'Sent as multipart/form-data.' }),
  file: z.string().min(1).optional().meta({ description: 'A file to send, relative to the probe file.' }),
  basic: z.strictObject({ username: z.string(), password: z.string().default('') }).optional(),
  bearer: z.string().optional(),
  follow: z.int().min(0).max(20).default(0).meta({ description: 'How many redirects are followed.' }),
  capture: z
    .record(z.string().regex(/^[\w-]+$/, { error: 'is no name' }), captured)
    .optional()
    .meta({ description: 'Values that later steps of the sequence refer to by name in braces after a dollar sign.' }),
});

const BODIES = ['body', 'json', 'form', 'multipart', 'file'] as const;

const checked = full.superRefine(oneListener).superRefine((given, context) => {
  const bodies = BODIES.filter((key) => given[key] !== undefined);
  if (bodies.length > 1) context.addIssue({ code: 'custom', message: `only one of ${bodies.join(', ')} can be sent` });
});

const short = z
  .string()
  .regex(new RegExp(`^(?:(?:${METHODS.join('|')}) )?/\\S*$`), { error: 'write it as METHOD /PATH' })
  .transform((text) => {
    const [path = '/', method = 'GET'] = text.split(' ').reverse();
    return full.parse({ path, method });
  });

/** A file of this host whose content has been read. */
interface Loaded {
  readonly content: Buffer;
}

type FilePart = z.infer<typeof filePart>;
export type Captured = z.infer<typeof captured>;

export interface HttpSpec extends Omit<z.infer<typeof full>, 'multipart'> {
  /** The content of `file`. */
  readonly content?: Buffer;
  readonly multipart?: Readonly<Record<string, string | FilePart | (FilePart & Loaded)>> | undefined;
}

export const httpSchema: z.ZodType<HttpSpec> = z
  .union([short, checked])
  .meta({ description: 'Sends a request. "GET /path", or with all that belongs to it.' });

/** Reads the files that a request sends. Errors: CONFIG_INVALID. */
export async function loadHttpFiles(spec: HttpSpec, folder: string): Promise<HttpSpec> {
  const content = spec.file === undefined ? undefined : await readFrom(folder, spec.file);
  const parts = Object.entries(spec.multipart ?? {}).map(async ([name, part]) => {
    const loaded = typeof part === 'string' ? part : { ...part, content: await readFrom(folder, part.file) };
    return [name, loaded] as const;
  });
  const multipart = Object.fromEntries(await Promise.all(parts));
  return { ...spec, ...(content && { content }), ...(spec.multipart && { multipart }) };
}

async function readFrom(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(folder, file));
  } catch (error) {
    const path = resolve(folder, file);
    throw new TraceSlimError('CONFIG_INVALID', `cannot read ${path} (${errnoOf(error) ?? 'unknown error'})`, {
      hint: 'Files are looked for in the folder of the probe file that names them.',
      cause: error,
    });
  }
}
