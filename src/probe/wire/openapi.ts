import { TraceSlimError } from '../../errors.ts';
import type { HttpCommand } from '../../settings.ts';
import { boundedWork } from '../bounded-work.ts';
import { type Credentials, credentialParts } from './openapi-auth.ts';
import { type ApiBody, bodyOf, givenBody } from './openapi-body.ts';
import { listOf, type Node, nodeOf, textOf } from './openapi-node.ts';
import { parameterParts, placeParts } from './openapi-parameters.ts';
import { clampSizes, loadSampler, type Sampler } from './openapi-sample.ts';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
const PARSE_MS = 10_000;
const DEREFERENCE_MS = 10_000;
/** Longer paths are no paths of an application; longer targets no server reads. */
const MAX_PATH_LENGTH = 2000;
const MAX_TARGET_LENGTH = 16_000;

export interface ApiOptions {
  /** `safe`: GET and HEAD only. */
  readonly methods: 'safe' | 'all';
  /** Takes the place of the path that the document's `servers` or `basePath` name. */
  readonly prefix?: string;
  /** By the names that the document gives its security schemes. */
  readonly credentials: Credentials;
  /** Operations that nothing is said of. */
  readonly maxOperations: number;
  /** What is said of operations, by their `operationId` or their method and path template. */
  readonly operations?: Readonly<Record<string, GivenOperation>>;
}

/** What a user says of an operation. */
interface GivenOperation {
  /** Values instead of sampled ones. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly skip?: boolean | undefined;
}

/** One operation of a document as a request. */
interface ApiOperation {
  /** Method and path template: `GET /pets/{id}`. */
  readonly title: string;
  readonly command: HttpCommand;
  /** The name by which something is said of it. */
  readonly givenAs?: string;
}

export interface ApiPlan {
  /** Reading ones first, deleting ones last; within that by path. */
  readonly operations: readonly ApiOperation[];
  /** How many operations the document has besides. */
  readonly left: number;
}

/** Loads what reads documents; it takes longer than most requests. */
export async function prepareOpenApi(): Promise<typeof import('@readme/openapi-parser')> {
  return import('@readme/openapi-parser');
}

/**
 * The operations of a document with sampled parameters and bodies, of which those that something is said of are always
 * asked for; the same document gives the same requests. Errors: CONFIG_INVALID when something is said of what the document
 * does not have.
 */
export function planApi(api: Node, options: ApiOptions): ApiPlan {
  const all = operationsOf(api, options.operations ?? {});
  checkNames(all, options.operations ?? {});
  const isWanted = ({ method, givenAs }: Operation) =>
    givenAs !== undefined || options.methods === 'all' || SAFE_METHODS.includes(method);
  const found = all.filter((operation) => isWanted(operation) && !operation.given.skip);
  const unnamed = found
    .filter(({ givenAs }) => givenAs === undefined)
    .sort(byHarm)
    .slice(0, options.maxOperations);
  const chosen = [...unnamed, ...found.filter(({ givenAs }) => givenAs !== undefined)].sort(byHarm);
  const sampler = loadSampler();
  const base = options.prefix ?? basePathOf(api);
  const operations = chosen.flatMap((operation): ApiOperation[] => {
    const command = boundedWork(() => sensibleCommand(operation, { api, base, options, sampler }), undefined);
    const { givenAs } = operation;
    return command ? [{ title: titleOf(operation), command, ...(givenAs !== undefined && { givenAs }) }] : [];
  });
  return { operations, left: found.length - operations.length };
}

/** Most names that an error gives. */
const MAX_NAMES = 10;

function checkNames(all: readonly Operation[], given: NonNullable<ApiOptions['operations']>): void {
  const used = new Set(all.map(({ givenAs }) => givenAs));
  const missing = Object.keys(given).filter((name) => !used.has(name));
  if (missing.length > 0) {
    const names = all.slice(0, MAX_NAMES).map((operation) => operation.id || titleOf(operation));
    const more = all.length > MAX_NAMES ? ', …' : '';
    throw invalid(`it has no operation ${missing.join(', ')} (it has ${names.join(', ')}${more})`);
  }
  for (const operation of all) {
    const known = new Set(operation.parameters.map(({ name }) => textOf(name)));
    const unknown = Object.keys(operation.given.parameters ?? {}).filter((name) => !known.has(name));
    if (unknown.length === 0) continue;
    const names = [...known].slice(0, MAX_NAMES).join(', ') || 'none';
    throw invalid(`${operation.givenAs} has no parameter ${unknown.join(', ')} (it has ${names})`);
  }
}

/**
 * Reads an OpenAPI 2, 3 or 3.1 document (JSON or YAML), its references resolved; those to other documents are not
 * followed. Errors: CONFIG_INVALID.
 */
export async function readApi(text: string): Promise<Node> {
  if (text.length > MAX_DOCUMENT_BYTES) throw invalid(`it has more than ${MAX_DOCUMENT_BYTES} bytes`);
  const { dereference } = await prepareOpenApi();
  try {
    const document = await parseDocument(text);
    if (!isApi(nodeOf(document))) throw new Error('it has no version of OpenAPI, or no paths');
    clampSizes(document);
    const limits = { resolve: { external: false }, timeoutMs: DEREFERENCE_MS };
    return nodeOf(await dereference(document, limits));
  } catch (error) {
    throw invalid(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error), error);
  }
}

/** Looking for keys that come twice takes the square of their number. */
async function parseDocument(text: string) {
  if (text.trimStart().startsWith('{')) return JSON.parse(text);
  const { parse } = await import('yaml');
  return boundedWork(() => parse(text, { uniqueKeys: false }), undefined, PARSE_MS);
}

function isApi({ openapi, swagger, paths }: Node): boolean {
  return textOf(openapi ?? swagger) !== '' && typeof paths === 'object' && paths !== null;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly node: Node;
  readonly parameters: readonly Node[];
  /** Empty when the document gives none. */
  readonly id: string;
  readonly givenAs?: string;
  readonly given: GivenOperation;
}

const SAFE_METHODS = ['GET', 'HEAD'];
/** In the order they are sent. */
const METHODS = [...SAFE_METHODS, 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

function operationsOf(api: Node, given: NonNullable<ApiOptions['operations']>): Operation[] {
  const paths = Object.entries(nodeOf(api.paths)).filter(([path]) => path.length <= MAX_PATH_LENGTH);
  return paths.flatMap(([path, value]) => {
    const item = nodeOf(value);
    return METHODS.filter((method) => item[method.toLowerCase()] !== undefined).map((method) => {
      const node = nodeOf(item[method.toLowerCase()]);
      const parameters = mergeParameters(listOf(item.parameters), listOf(node.parameters));
      const id = textOf(node.operationId);
      const givenAs = [id, titleOf({ method, path })].find((name) => Object.hasOwn(given, name));
      const said = givenAs === undefined ? {} : { givenAs };
      return { method, path, node, parameters, id, ...said, given: given[givenAs ?? ''] ?? {} };
    });
  });
}

function titleOf({ method, path }: Pick<Operation, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

/** Those of an operation take the place of those of its path. */
function mergeParameters(...lists: (readonly unknown[])[]): Node[] {
  const byKey = new Map<string, Node>();
  for (const parameter of lists.flat().map(nodeOf))
    byKey.set(`${textOf(parameter.in)} ${textOf(parameter.name)}`, parameter);
  return [...byKey.values()];
}

function byHarm(a: Operation, b: Operation): number {
  const difference = METHODS.indexOf(a.method) - METHODS.indexOf(b.method);
  return difference !== 0 ? difference : Number(a.path > b.path) - Number(a.path < b.path);
}

interface CommandContext {
  readonly api: Node;
  /** Before the paths of operations. */
  readonly base: string;
  readonly options: ApiOptions;
  readonly sampler: Sampler;
}

/** Undefined for an operation whose description makes no sense, or comes to more than a server would read. */
function sensibleCommand(operation: Operation, context: CommandContext): HttpCommand | undefined {
  try {
    const command = commandOf(operation, context);
    return command.resource.length <= MAX_TARGET_LENGTH ? command : undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function commandOf(operation: Operation, { api, base, options, sampler }: CommandContext): HttpCommand {
  const { method, path, node, parameters, given } = operation;
  const parts = [
    ...parameterParts(parameters, sampler, given.parameters),
    ...credentialParts(node, api, options.credentials),
  ];
  const { target, headers } = placeParts(path, parts);
  const body = SAFE_METHODS.includes(method) ? undefined : sentBody(operation, api, sampler);
  return {
    method,
    resource: `${base}${target.startsWith('/') ? target : `/${target}`}`,
    headers: body ? [...headers, `Content-Type: ${body.type}`] : headers,
    ...(body && { body: body.bytes }),
    crawl: false,
  };
}

function sentBody({ node, parameters, given }: Operation, api: Node, sampler: Sampler): ApiBody | undefined {
  return given.body === undefined ? bodyOf(node, parameters, api, sampler) : givenBody(node, api, given.body);
}

/** The path below which operations are, without a slash at its end. */
function basePathOf(api: Node): string {
  const server = nodeOf(listOf(api.servers)[0]);
  const variables = nodeOf(server.variables);
  const url = textOf(server.url)
    .slice(0, MAX_PATH_LENGTH)
    .replace(/\{([^{}]*)\}/g, (_, name: string) => textOf(nodeOf(variables[name]).default).slice(0, MAX_PATH_LENGTH));
  const base = textOf(api.basePath) || url;
  return base.length <= MAX_PATH_LENGTH && URL.canParse(base, 'http://localhost/')
    ? new URL(base, 'http://localhost/').pathname.replace(/\/+$/, '')
    : '';
}

function invalid(what: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `the OpenAPI document is not usable: ${what}`, {
    hint: 'OpenAPI 2, 3.0 and 3.1 are read, as JSON or YAML.',
    cause,
  });
}
