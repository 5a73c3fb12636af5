import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { z } from 'zod';
import { errnoOf, TraceSlimError } from '../errors.ts';
import type { HttpCommand } from '../settings.ts';
import { formOf } from './form.ts';

const PROTOCOLS = ['http', 'https'] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const;

type Protocol = (typeof PROTOCOLS)[number];

/**
 * Reads one `--http-probe-cmd`: `[crawl:][PROTOCOL:][METHOD:]PATH`, as in SlimToolkit. Errors: USAGE_INVALID.
 */
export function parseHttpCommand(text: string): HttpCommand {
  const slash = text.indexOf('/');
  const words = (slash < 0 ? text : text.slice(0, slash)).split(':').filter((word) => word !== '');
  const resource = slash < 0 ? '/' : text.slice(slash);
  const crawl = takeIf(words, (word) => word === 'crawl') !== undefined;
  const protocol = takeIf(words, (word) => isOneOf(PROTOCOLS, word)) as Protocol | undefined;
  const method = takeIf(words, (word) => isOneOf(METHODS, word.toUpperCase()))?.toUpperCase() ?? 'GET';
  if (words.length > 0 || text === '') {
    throw new TraceSlimError(
      'USAGE_INVALID',
      `"${text}" is no HTTP probe${words[0] ? `: what is "${words[0]}"?` : ''}`,
      {
        hint: `Write it as [crawl:][${PROTOCOLS.join('|')}:][METHOD:]/PATH, for example crawl:GET:/ or POST:/login.`,
      },
    );
  }
  return { method, resource, headers: [], crawl, ...(protocol && { protocol }) };
}

function takeIf(words: string[], isWanted: (word: string) => boolean): string | undefined {
  return words[0] !== undefined && isWanted(words[0]) ? words.shift() : undefined;
}

function isOneOf(known: readonly string[], word: string): boolean {
  return known.includes(word);
}

/**
 * Reads a `--http-probe-cmd-file`: SlimToolkit's JSON, `{"commands": [{"method", "resource", "port", "protocol",
 * "headers", "body", "body_file", "body_is_form", "form_field_name", "form_file_name", "username", "password", "crawl"}]}`. A `body_file` is relative to the file's folder.
 * Errors: CONFIG_INVALID, naming the file and the place in it.
 */
export async function loadHttpCommandFile(file: string): Promise<HttpCommand[]> {
  const parsed = probeFile.safeParse(parseJson(file, await readOrFail(file, file)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const keys = issue?.code === 'unrecognized_keys' ? `: ${issue.keys.join(', ')}` : '';
    throw invalid(
      file,
      `${placeOf(issue?.path ?? [])}${issue?.code === 'unrecognized_keys' ? `unknown key${keys}` : issue?.message}`,
    );
  }
  return Promise.all(parsed.data.commands.map((command, index) => toCommand(command, index, file)));
}

/** Keys of SlimToolkit that mean something this tool does not do; switched off they may stand there. */
const unsupported = z.literal([false, '', null], { error: 'is not supported' }).optional();

const probeCommand = z.strictObject({
  method: z
    .string()
    .transform((method) => method.toUpperCase() || 'GET')
    .pipe(z.enum(METHODS, { error: `must be one of ${METHODS.join(', ')}` }))
    .default('GET'),
  resource: z.string().startsWith('/', { error: 'must start with /' }).default('/'),
  port: z.int().min(0).max(65_535).optional(),
  protocol: z.enum([...PROTOCOLS, ''], { error: 'must be http or https: no other protocol is supported' }).optional(),
  headers: z
    .array(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+:[^\r\n\0]*$/, { error: 'must read "Name: value"' }))
    .default([]),
  body: z.string().optional(),
  body_file: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  crawl: z.boolean().default(false),
  body_generate: unsupported,
  body_is_form: z.boolean().default(false),
  form_field_name: z.string().optional(),
  form_file_name: z.string().optional(),
  fastcgi: unsupported,
});

const probeFile = z.strictObject({
  commands: z.array(probeCommand).min(1, { error: 'must not be empty' }).max(10_000),
});

async function toCommand(command: z.infer<typeof probeCommand>, index: number, file: string): Promise<HttpCommand> {
  const { method, resource, crawl, port, protocol, body, body_file: bodyFile, username, password } = command;
  if (body && bodyFile) throw invalid(file, `commands[${index}]: body and body_file exclude each other`);
  const content = bodyFile
    ? await readOrFail(resolve(dirname(file), bodyFile), file, `commands[${index}].body_file: `)
    : Buffer.from(body ?? '');
  const fileName = command.form_file_name ?? (bodyFile && basename(bodyFile));
  const form = command.body_is_form ? formOf(content, { field: command.form_field_name, fileName }) : undefined;
  const bytes = form?.body ?? content;
  return {
    method,
    resource,
    headers: form ? [...command.headers, form.header] : command.headers,
    crawl,
    ...(port && { port }),
    ...(protocol && { protocol }),
    ...(bytes.length > 0 && { body: bytes }),
    ...(username && { username }),
    ...(password && { password }),
  };
}

async function readOrFail(path: string, file: string, place = ''): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw invalid(file, `${place}cannot read ${path} (${errnoOf(error) ?? 'unknown error'})`, error);
  }
}

function parseJson(file: string, content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (error) {
    throw invalid(file, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? '' : `${place.replace(/^\./, '')}: `;
}

function invalid(file: string, what: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `the HTTP probe file ${file} is not usable: ${what}`, {
    hint: 'See the example in README.md, or use --http-probe-cmd for simple requests.',
    cause,
  });
}
