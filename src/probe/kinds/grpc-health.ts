import { z } from 'zod';
import { bytesOf } from '../../rootfs/path.ts';
import { listenerName } from '../listener.ts';
import { checkGrpcHealth, prepareGrpc } from '../wire/grpc.ts';
import { listener, oneListener } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { talkOutcome } from './talk.ts';
import { tls } from './wire-fields.ts';

const service = z.string().max(1000).meta({ description: 'Name of a service; empty for the whole server.' });

const schema = z
  .union([
    service.transform((name) => ({ service: name, port: undefined, socket: undefined, tls: false })),
    z.strictObject({ service: service.default(''), ...listener, tls }).superRefine(oneListener),
  ])
  .meta({ description: 'Asks a gRPC server for the health of a service (grpc.health.v1.Health/Check).' });

type GrpcHealthSpec = z.infer<typeof schema>;

/** A gRPC health check; ok when the service is SERVING, unless `expect` names the reply. */
export const grpcHealthKind: ProbeKind<GrpcHealthSpec> = {
  name: 'grpc-health',
  schema,
  expects: ['reply'],
  decides: 'reply',
  make: (spec, context) => {
    const at = context.listenerOf(spec);
    return {
      title: `${listenerName(at)}${spec.service === '' ? '' : ` ${spec.service}`}`,
      listeners: [at],
      prepare: prepareGrpc,
      async run(container, { id, spec: { service, tls }, timeoutMs, signal }) {
        const startedAt = performance.now();
        const line = { endpoint: await container.endpoint(at), tls };
        const { code, status = code, details } = await checkGrpcHealth(line, service, { timeoutMs, signal });
        const failure = FAILURES.has(code) ? `${code}: ${withoutAddress(details)}` : undefined;
        const facts = [{ name: 'reply', value: bytesOf(status), compare: 'exact' }] as const;
        const outcome = talkOutcome(id, { facts: failure ? [] : facts, summary: status, failure }, startedAt);
        return [{ ...outcome, ok: outcome.ok && status === 'SERVING' }];
      },
    };
  },
};

/** Codes of the client: there was no answer. */
const FAILURES: ReadonlySet<string> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED']);

/** How the server was reached differs from run to run. */
function withoutAddress(details: string): string {
  return details.replace(/(?:unix:)?\/\S+|\b\d+\.\d+\.\d+\.\d+:\d+/g, 'the server');
}
