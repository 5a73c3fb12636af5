import type { Container, Listener } from '../../engine/types.ts';
import { type HttpReply, type HttpRequest, prepareExchange } from '../exchange.ts';
import { outcomeOf } from '../http.ts';
import { resourceName } from '../listener.ts';
import type { Outcome } from '../types.ts';
import { captureAll } from './capture.ts';
import { redirected, requestOf } from './http-request.ts';
import { type HttpSpec, httpSchema, loadHttpFiles } from './http-spec.ts';
import type { KindContext, KindRun, ProbeKind } from './kind.ts';

/** An HTTP request; ok when an answer with a status below 500 comes, unless `expect` says otherwise. */
export const httpKind: ProbeKind<HttpSpec> = {
  name: 'http',
  schema: httpSchema,
  expects: ['status', 'headers', 'body', 'json'],
  decides: 'status',
  load: loadHttpFiles,
  captures: ({ capture = {} }) => Object.keys(capture),
  make(spec, context) {
    const listener = context.listenerOf(spec);
    return {
      title: `${spec.method} ${resourceName(listener, spec.path)}${spec.protocol ? ` (${spec.protocol})` : ''}`,
      listeners: [listener],
      timeoutMs: context.settings.http.timeoutMs,
      prepare: prepareExchange,
      run: async (container, run) => [await send(container, listener, run, context)],
    };
  },
};

async function send(
  container: Container,
  listener: Listener,
  run: KindRun<HttpSpec>,
  { origins }: KindContext,
): Promise<Outcome> {
  const { id, spec, session, timeoutMs, signal } = run;
  const { protocol: scheme, follow, capture = {} } = spec;
  const startedAt = performance.now();
  const path: string[] = [];
  let request: HttpRequest | undefined = requestOf(spec, listener, session);
  let reply: HttpReply | undefined;
  for (let hop = 0; request && hop <= follow; hop++) {
    reply = await origins.send(container, listener, request, { timeoutMs, signal, ...(scheme && { scheme }) });
    if (reply.kind === 'failure') break;
    session.cookies.store([reply.headers['set-cookie'] ?? []].flat(), request.target);
    const location = [reply.headers.location].flat()[0];
    if (location === undefined || reply.status < 300 || reply.status > 399) break;
    path.push(`${reply.status} ${location}`);
    request = redirected(request, request.target, { status: reply.status, location }, session);
  }
  const outcome = withPath(outcomeOf(id, reply as HttpReply, startedAt), follow > 0 ? path : []);
  const missing = reply?.kind === 'answer' ? captureAll(capture, reply, session) : [];
  return missing.length === 0 ? outcome : withoutCapture(outcome, missing);
}

function withPath(outcome: Outcome, path: readonly string[]): Outcome {
  if (path.length === 0) return outcome;
  const value = Buffer.from(path.join('\n')).toString('latin1');
  return { ...outcome, facts: [...outcome.facts, { name: 'redirects', value, compare: 'text' }] };
}

function withoutCapture(outcome: Outcome, missing: readonly string[]): Outcome {
  const value = `nothing to capture as ${missing.join(', ')}`;
  const facts = [...outcome.facts, { name: 'capture', value, compare: 'exact' } as const];
  return { ...outcome, ok: false, summary: `${outcome.summary}: ${value}`, facts };
}
