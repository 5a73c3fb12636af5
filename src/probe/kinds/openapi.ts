import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Container, Listener } from '../../engine/types.ts';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import type { HttpCommand } from '../../settings.ts';
import { request } from '../http.ts';
import { listenerName, resourceName } from '../listener.ts';
import type { Outcome } from '../types.ts';
import { type ApiPlan, planApi, prepareOpenApi, readApi } from '../wire/openapi.ts';
import type { Node } from '../wire/openapi-node.ts';
import { judged } from './expect.ts';
import { expectation } from './expectation.ts';
import { headers, listener, oneListener } from './fields.ts';
import type { KindContext, KindRun, ProbeKind } from './kind.ts';
import { inSession } from './session.ts';
import { talkOutcome } from './talk.ts';

const DEFAULT_LIMIT = 200;
/** For all operations together; each has the limit of one request. */
const ALL_OPERATIONS_MS = 1_800_000;

const credential = z.union([z.string(), z.strictObject({ username: z.string(), password: z.string() })]);
const operation = z.strictObject({
  parameters: z.record(z.string(), z.unknown()).optional().meta({ description: 'Values by parameter name.' }),
  body: z.unknown().optional().meta({ description: 'Sent as the operation takes it, JSON by preference.' }),
  expect: expectation
    .pick({ status: true, headers: true, body: true, json: true })
    .optional()
    .meta({ description: 'Instead of what is expected of every operation.' }),
  skip: z.boolean().default(false).meta({ description: 'It is not asked for.' }),
});
const plain = {
  file: undefined,
  port: undefined,
  socket: undefined,
  prefix: undefined,
  methods: 'safe',
  credentials: {},
  headers: {},
  operations: {} as Readonly<Record<string, z.infer<typeof operation>>>,
} as const;

const schema = z
  .union([
    z
      .string()
      .startsWith('/')
      .transform((path) => ({ ...plain, path, limit: DEFAULT_LIMIT })),
    z
      .strictObject({
        path: z.string().startsWith('/').optional().meta({ description: 'Where the application serves the document.' }),
        file: z.string().min(1).optional().meta({ description: 'The document on this host, relative to this file.' }),
        ...listener,
        prefix: z
          .string()
          .regex(/^(?:\/.*)?$/)
          .optional()
          .meta({ description: "Instead of the path of the document's servers." }),
        methods: z
          .enum(['safe', 'all'])
          .default('safe')
          .meta({ description: 'safe: GET and HEAD; all: also those that change something.' }),
        credentials: z
          .record(z.string(), credential)
          .default({})
          .meta({ description: 'By security scheme ("*": any): a key or token, or {username, password}.' }),
        headers: headers.default({}),
        operations: z.record(z.string().min(1), operation).default({}).meta({
          description: 'By operationId or "METHOD /path": values and expectations. They are always asked for.',
        }),
        limit: z.int().min(1).max(10_000).default(DEFAULT_LIMIT).meta({ description: 'Most operations.' }),
      })
      .refine(({ path, file }) => (path === undefined) !== (file === undefined), { error: 'give path or file' })
      .superRefine(oneListener),
  ])
  .meta({ description: 'Asks for every operation of an OpenAPI document (2, 3.0, 3.1) with sampled values.' });

type OpenApiSpec = z.infer<typeof schema> & {
  /** The content of `file`. */
  readonly document?: string;
};

/**
 * Every operation of an OpenAPI document, each with an outcome of its own behind that of the document. Operations of
 * which nothing is expected are ok with any status: nobody asked for exactly these values. The first run finds them; later
 * ones ask for the same.
 */
export const openapiKind: ProbeKind<OpenApiSpec> = {
  name: 'openapi',
  schema,
  expects: ['status', 'headers', 'body', 'json'],
  judges: true,
  async load(spec, folder) {
    if (spec.file === undefined) return spec;
    const file = resolve(folder, spec.file);
    try {
      return { ...spec, document: await readFile(file, 'utf8') };
    } catch (cause) {
      const why = errnoOf(cause) ?? 'unknown error';
      throw new TraceSlimError('CONFIG_INVALID', `cannot read the OpenAPI document ${file} (${why})`, { cause });
    }
  },
  make: (spec, context) => {
    const at = context.listenerOf(spec);
    let known: Promise<Node> | undefined;
    const read = (text: string | undefined) => {
      if (text === undefined && !known) return Promise.resolve(undefined);
      known ??= readApi(text ?? '').catch((error) => {
        known = undefined;
        throw error;
      });
      return known;
    };
    return {
      title: spec.path === undefined ? `${listenerName(at)} ${spec.file}` : resourceName(at, spec.path),
      listeners: [at],
      timeoutMs: ALL_OPERATIONS_MS,
      prepare: prepareOpenApi,
      run: (container, run) => askAll(container, run, { context, listener: at, read }),
    };
  },
};

function optionsOf({ methods, prefix, credentials, limit, operations }: OpenApiSpec) {
  return { methods, credentials, operations, maxOperations: limit, ...(prefix !== undefined && { prefix }) };
}

interface Api {
  readonly context: KindContext;
  readonly listener: Listener;
  /** Undefined when there is no text, and there was none before. */
  read(text: string | undefined): Promise<Node | undefined>;
}

async function askAll(container: Container, run: KindRun<OpenApiSpec>, api: Api): Promise<Outcome[]> {
  const startedAt = performance.now();
  const { id, spec } = run;
  const served = spec.path === undefined ? undefined : await ask(container, run, api, id, getCommand(spec.path));
  const failed = (failure: string) => [
    talkOutcome(id, { facts: served?.outcome.facts ?? [], summary: '', failure }, startedAt),
  ];
  try {
    const document = await api.read(served ? served.text : spec.document);
    if (!document) return failed(`no OpenAPI document: ${served?.outcome.summary}`);
    const plan = planApi(document, optionsOf(spec));
    return [served?.outcome ?? planOutcome(id, plan, startedAt), ...(await askEach(plan, container, run, api))];
  } catch (error) {
    if (!(error instanceof TraceSlimError) || error.code !== 'CONFIG_INVALID') throw error;
    return failed(error.message);
  }
}

function planOutcome(id: string, { operations, left }: ApiPlan, startedAt: number): Outcome {
  const facts = [{ name: 'operations', value: String(operations.length), compare: 'exact' }] as const;
  const summary = `${operations.length} operations${left > 0 ? `, ${left} more are not asked for` : ''}`;
  return talkOutcome(id, { facts, summary }, startedAt);
}

async function askEach(plan: ApiPlan, container: Container, run: KindRun<OpenApiSpec>, api: Api): Promise<Outcome[]> {
  const { operations } = run.spec;
  const outcomes: Outcome[] = [];
  for (const { title, command, givenAs } of plan.operations) {
    const { outcome } = await ask(container, run, api, `${run.id}: ${title}`, command);
    const expect = operations[givenAs ?? '']?.expect ?? run.expect;
    const accepted = container.result() ? outcome : { ...outcome, ok: true };
    outcomes.push(expect ? judged(accepted, expect) : accepted);
  }
  return outcomes;
}

function getCommand(resource: string): HttpCommand {
  return { method: 'GET', resource, headers: ['Accept: application/json, */*;q=0.5'], crawl: false };
}

async function ask(
  container: Container,
  { spec, session, signal }: KindRun<OpenApiSpec>,
  { context, listener }: Api,
  id: string,
  command: HttpCommand,
): Promise<{ outcome: Outcome; text: string | undefined }> {
  const { timeoutMs } = context.settings.http;
  const sent = inSession(command, spec.headers, session);
  const options = { id, listener, command: sent, timeoutMs, origins: context.origins };
  const { outcome, reply } = await request(container, options, signal);
  const isGood = reply.kind === 'answer' && reply.status < 300;
  return { outcome, text: isGood ? reply.body.bytes?.toString('utf8') : undefined };
}
