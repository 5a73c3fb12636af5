import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../../src/engine/types.ts';
import { checkGrpcHealth } from '../../../../src/probe/wire/grpc.ts';
import { temporaryDirectory } from '../../../support/engine.ts';
import { untrusted } from '../../../support/wire-servers.ts';

const signal = new AbortController().signal;
const limits = { timeoutMs: 5000, signal };

/** A server whose services have the given bytes as health; all others are not found. */
async function healthServer(services: Record<string, number[]>, { address = '127.0.0.1:0', tls = false } = {}) {
  const server = new Server();
  const definition = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Buffer) => value,
    requestDeserialize: (value: Buffer) => value,
    responseSerialize: (value: Buffer) => value,
    responseDeserialize: (value: Buffer) => value,
  } as const;
  const check = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
    const bytes = services[call.request.subarray(2).toString()];
    if (bytes) answer(null, Buffer.from(bytes));
    else answer({ code: status.NOT_FOUND, details: 'unknown service' });
  };
  server.addService({ check: definition }, { check });
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ private_key: untrusted.key, cert_chain: untrusted.cert }])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const endpoint: Endpoint = address.startsWith('unix:')
    ? { socketPath: address.slice('unix:'.length) }
    : { host: '127.0.0.1', port };
  return { endpoint, tls, [Symbol.dispose]: () => server.forceShutdown() };
}

describe('a gRPC health check', () => {
  it('tells that a server serves', async () => {
    using server = await healthServer({ '': [8, 1] });
    expect(await checkGrpcHealth(server, '', limits)).toEqual({ code: 'OK', status: 'SERVING', details: '' });
  });

  it('asks for a service by name', async () => {
    using server = await healthServer({ '': [8, 1], 'shop.Cart': [8, 2] });
    expect(await checkGrpcHealth(server, 'shop.Cart', limits)).toMatchObject({ code: 'OK', status: 'NOT_SERVING' });
  });

  it('reports a service that is not known by the code of the status', async () => {
    using server = await healthServer({});
    expect(await checkGrpcHealth(server, 'x', limits)).toEqual({ code: 'NOT_FOUND', details: 'unknown service' });
  });

  it('takes an absent status for an unknown one', async () => {
    using server = await healthServer({ '': [] });
    expect(await checkGrpcHealth(server, '', limits)).toMatchObject({ status: 'UNKNOWN' });
  });

  it('reaches a server on a unix socket', async () => {
    using folder = temporaryDirectory();
    using server = await healthServer({ '': [8, 1] }, { address: `unix:${folder.path}/grpc.sock` });
    expect(await checkGrpcHealth(server, '', limits)).toMatchObject({ status: 'SERVING' });
  });

  it('speaks TLS with a server whose certificate nobody trusts', async () => {
    using server = await healthServer({ '': [8, 1] }, { tls: true });
    expect(await checkGrpcHealth(server, '', limits)).toMatchObject({ status: 'SERVING' });
  });

  it('reports that nobody listens', async () => {
    const line = { endpoint: { socketPath: '/nowhere/grpc.sock' }, tls: false };
    expect(await checkGrpcHealth(line, '', limits)).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('rejects with the reason when aborted', async () => {
    using server = await healthServer({ '': [8, 1] });
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(checkGrpcHealth(server, '', { ...limits, signal: aborted })).rejects.toThrow('enough');
  });
});
