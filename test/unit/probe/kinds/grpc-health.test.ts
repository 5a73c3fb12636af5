import { createServer } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { grpcHealthKind } from '../../../../src/probe/kinds/grpc-health.ts';
import { comparedFacts, makeKind, outcomeOf } from '../../../support/probe-kinds.ts';
import { listening } from '../../../support/wire-servers.ts';

/** A gRPC server that answers everything with one serving status, or with the code of a gRPC status. */
function healthServer({ serving = 1, code = 0 }) {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(code) }));
    stream.end(code === 0 ? Buffer.from([0, 0, 0, 0, 2, 8, serving]) : undefined);
  });
  return listening(server);
}

describe('a grpc-health probe', () => {
  it('is ok when the service serves', async () => {
    await using server = await healthServer({});
    const outcome = await outcomeOf(grpcHealthKind, '', server);
    expect(outcome).toMatchObject({ ok: true, summary: 'SERVING' });
    expect(comparedFacts(outcome)).toEqual({ reply: 'SERVING' });
  });

  it.each([
    ['does not serve', { serving: 2 }, 'NOT_SERVING'],
    ['is not known', { code: 5 }, 'NOT_FOUND'],
    ['cannot be asked', { code: 12 }, 'UNIMPLEMENTED'],
  ])('is not ok when the service %s', async (_what, state, reply) => {
    await using server = await healthServer(state);
    const outcome = await outcomeOf(grpcHealthKind, { service: 'shop.Cart' }, server);
    expect({ ok: outcome.ok, ...comparedFacts(outcome) }).toEqual({ ok: false, reply });
  });

  it('fails alike wherever nobody listens', async () => {
    const paths = ['/nowhere/a.sock', '/nowhere/b.sock'];
    const outcomes = await Promise.all(
      paths.map((socketPath) => outcomeOf(grpcHealthKind, '', { endpoint: { socketPath } })),
    );
    const [first, second] = outcomes.map(comparedFacts);
    expect(first?.failure).toMatch(/^UNAVAILABLE: /);
    expect(second).toEqual(first);
  });

  it('is named after its port and service', async () => {
    expect((await makeKind(grpcHealthKind, { port: 50_051, service: 'shop.Cart' })).title).toBe(':50051 shop.Cart');
  });
});
