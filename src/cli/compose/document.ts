import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { execa } from 'execa';
import { TraceSlimError } from '../../errors.ts';
import { readOptionFile } from '../values.ts';

/** What says how a compose file is read. */
export interface ComposeSource {
  readonly files: readonly string[];
  readonly envFile?: string | undefined;
  readonly projectName?: string | undefined;
  /** Where relative paths start; the folder of the first file when absent. */
  readonly directory?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** A compose file as it is meant, not yet checked. */
export interface ComposeDocument {
  readonly content: unknown;
  /** Where relative paths start. */
  readonly directory: string;
}

const CONFIG_TIMEOUT_MS = 60_000;
/** A larger file is no compose file. */
const MAX_FILE_BYTES = 1 << 20;

/** The clients that know what a compose file means, by preference. */
const COMPOSE_COMMANDS = [['docker', 'compose'], ['docker-compose']] as const;

/**
 * Reads compose files by `docker compose config` or `docker-compose config`, which know all of the format. Without them
 * one file is read here, and must not have variables in it. Errors: CONFIG_INVALID, TOOL_MISSING, USAGE_INVALID.
 */
export async function readComposeDocument(source: ComposeSource): Promise<ComposeDocument> {
  const [first = ''] = source.files;
  for (const file of source.files) await readOptionFile('--compose-file', file);
  const directory = resolve(source.directory ?? dirname(first));
  const command = await findCompose(source.env);
  const text = command ? await configOf(command, source) : await plainFile(source);
  const { parse } = await import('yaml');
  try {
    const content: unknown = parse(text, { merge: true });
    checkPlain(content, first, command !== undefined);
    return { content: unescaped(content), directory };
  } catch (error) {
    if (error instanceof TraceSlimError) throw error;
    throw new TraceSlimError('CONFIG_INVALID', `${first} is no YAML: ${firstLine(error)}`, { cause: error });
  }
}

async function findCompose(env: NodeJS.ProcessEnv): Promise<readonly string[] | undefined> {
  for (const command of COMPOSE_COMMANDS) {
    const [program, ...words] = command;
    const options = { env, extendEnv: false, reject: false, timeout: CONFIG_TIMEOUT_MS } as const;
    const { exitCode } = await execa(program, [...words, 'version'], options);
    if (exitCode === 0) return command;
  }
  return undefined;
}

async function configOf(command: readonly string[], source: ComposeSource): Promise<string> {
  const { files, envFile, projectName, directory, env } = source;
  const [program = '', ...words] = command;
  const args = [
    ...words,
    ...files.flatMap((file) => ['--file', file]),
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    ...(projectName === undefined ? [] : ['--project-name', projectName]),
    ...(directory === undefined ? [] : ['--project-directory', directory]),
    'config',
  ];
  const options = { env, extendEnv: false, reject: false, timeout: CONFIG_TIMEOUT_MS, stdin: 'ignore' } as const;
  const { exitCode, stdout, stderr } = await execa(program, args, options);
  if (exitCode === 0) return stdout;
  throw new TraceSlimError('CONFIG_INVALID', `${command.join(' ')} does not understand ${files.join(' and ')}`, {
    hint: `Try it: ${command.join(' ')} ${args.slice(words.length).join(' ')}`,
    context: { log: stderr.trim().split('\n').slice(-10).join('\n') },
  });
}

async function plainFile({ files }: ComposeSource): Promise<string> {
  const [file = ''] = files;
  if (files.length > 1) throw needsCompose('several compose files have to be merged');
  const bytes = await readFile(file);
  if (bytes.length > MAX_FILE_BYTES) throw new TraceSlimError('CONFIG_INVALID', `${file} is too large`);
  return bytes.toString('utf8');
}

/** Sections of a file, and of a service, that are other files. */
const OTHER_FILES = ['include', 'extends'];

/** What only compose itself can do is not done half. */
function checkPlain(content: unknown, file: string, isInterpreted: boolean): void {
  if (isInterpreted) return;
  for (const { name, value } of valuesIn(content)) {
    if (OTHER_FILES.includes(name)) throw needsCompose(`${file} says ${name}`);
    const variable = typeof value === 'string' ? /(?<!\$)(?:\$\$)*(\$(?:\{[^}]*\}?|\w+))/.exec(value)?.[1] : undefined;
    if (variable !== undefined) throw needsCompose(`${file} has the variable ${variable} in it`);
  }
}

function needsCompose(why: string): TraceSlimError {
  return new TraceSlimError('TOOL_MISSING', `${why}, and there is neither docker compose nor docker-compose`, {
    hint: 'Install one of them, or name a file that says everything itself.',
  });
}

/** Every value of a document with the key it has there; those of lists have that of the list. */
function* valuesIn(value: unknown, name = ''): Generator<{ name: string; value: unknown }> {
  yield { name, value };
  if (Array.isArray(value)) for (const item of value) yield* valuesIn(item, '');
  else if (isObject(value)) for (const [key, item] of Object.entries(value)) yield* valuesIn(item, key);
}

/** `$$` stands for a dollar sign, also in what compose has interpreted. */
function unescaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$$', () => '$');
  if (Array.isArray(value)) return value.map(unescaped);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unescaped(item)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
}
