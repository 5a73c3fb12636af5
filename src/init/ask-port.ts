import type { Container, Endpoint } from '../engine/types.ts';
import type { HttpReply, Scheme } from '../probe/exchange.ts';
import { hostOf } from '../probe/listener.ts';
import { HttpOrigins } from '../probe/origins.ts';
import { parseCgiResponse, requestFastCgi } from '../probe/wire/fastcgi.ts';
import { checkGrpcHealth } from '../probe/wire/grpc.ts';
import { planApi, readApi } from '../probe/wire/openapi.ts';
import { talkRedis } from '../probe/wire/resp.ts';
import type { PortFinding } from './findings.ts';

const ASK_MS = 2000;
const SCHEMES: readonly Scheme[] = ['http', 'https', 'h2c', 'h2'];

/** Where frameworks serve their OpenAPI document. */
const API_PATHS = [
  '/openapi.json',
  '/swagger.json',
  '/v3/api-docs',
  '/v2/api-docs',
  '/api/openapi.json',
  '/api/swagger.json',
  '/swagger/v1/swagger.json',
  '/swagger/doc.json',
  '/api-docs/swagger.json',
  '/api-docs',
  '/openapi.yaml',
  '/openapi',
];

/** Finds out what answers on a port of a running container. Rejects only when aborted or when the engine fails. */
export async function askPort(container: Container, port: number, signal: AbortSignal): Promise<PortFinding> {
  const origins = new HttpOrigins(0);
  const get = (scheme: Scheme, target: string) => {
    const headers = { host: hostOf(port), accept: '*/*', 'user-agent': 'trace-slim' };
    return origins.send(container, port, { method: 'GET', target, headers }, { scheme, timeoutMs: ASK_MS, signal });
  };
  const endpoint = await container.endpoint(port);
  const http = await firstAnswer(get);
  if (!http) return { port, speaks: await otherProtocol(endpoint, signal) };
  const { scheme, reply } = http;
  const type = String(reply.headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  const isMultiplexed = scheme === 'h2' || scheme === 'h2c';
  const hasHealth = isMultiplexed && (await answersHealth(endpoint, scheme === 'h2', signal));
  const api = isMultiplexed ? undefined : await findApi((target) => get(scheme, target));
  return {
    port,
    speaks: scheme,
    status: reply.status,
    answer: `${reply.status} ${type}`.trimEnd(),
    ...(hasHealth && { hasHealth }),
    ...(api && { api }),
  };
}

type Answer = Extract<HttpReply, { kind: 'answer' }>;

/** What refuses one scheme may welcome the next; where none is, the first answer counts. */
async function firstAnswer(
  get: (scheme: Scheme, target: string) => Promise<HttpReply>,
): Promise<{ scheme: Scheme; reply: Answer } | undefined> {
  let refused: { scheme: Scheme; reply: Answer } | undefined;
  for (const scheme of SCHEMES) {
    const reply = await get(scheme, '/');
    if (reply.kind !== 'answer') continue;
    if (reply.status < 400) return { scheme, reply };
    refused ??= { scheme, reply };
  }
  return refused;
}

async function otherProtocol(endpoint: Endpoint, signal: AbortSignal): Promise<PortFinding['speaks']> {
  if (await isRedis(endpoint, signal)) return 'redis';
  return (await isFastCgi(endpoint, signal)) ? 'fastcgi' : 'other';
}

async function isRedis(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
  const { replies } = await talkRedis({ endpoint, tls: false }, [['PING']], { timeoutMs: ASK_MS, signal });
  const [reply] = replies;
  return reply !== undefined && 'value' in reply && /^(?:PONG$|NOAUTH )/.test(reply.value);
}

/** Asks for a script that is not there. */
async function isFastCgi(endpoint: Endpoint, signal: AbortSignal): Promise<boolean> {
  const params = { REQUEST_METHOD: 'GET', SCRIPT_FILENAME: '/trace-slim-no-such-page.php', REDIRECT_STATUS: '200' };
  const request = { params, stdin: Buffer.alloc(0) };
  const { stdout, failure } = await requestFastCgi({ endpoint, tls: false }, request, { timeoutMs: ASK_MS, signal });
  return failure === undefined && parseCgiResponse(stdout) !== undefined;
}

async function answersHealth(endpoint: Endpoint, tls: boolean, signal: AbortSignal): Promise<boolean> {
  const { code } = await checkGrpcHealth({ endpoint, tls }, '', { timeoutMs: ASK_MS, signal });
  return code === 'OK';
}

async function findApi(get: (target: string) => Promise<HttpReply>): Promise<PortFinding['api']> {
  for (const path of API_PATHS) {
    const reply = await get(path);
    const text = reply.kind === 'answer' && reply.status === 200 ? reply.body.bytes?.toString('utf8') : undefined;
    if (!text || !/["']?(?:openapi|swagger)["']?\s*:/.test(text.slice(0, 100_000))) continue;
    const options = { methods: 'safe', credentials: {}, maxOperations: 1 } as const;
    const plan = await readApi(text)
      .then((api) => planApi(api, options))
      .catch(() => undefined);
    if (plan) return { path, operations: plan.operations.length + plan.left };
  }
  return undefined;
}
