import { createRequire } from 'node:module';
import type { ServiceError } from '@grpc/grpc-js';
import type { Limits } from './attempt.ts';
import type { Line } from './socket.ts';

/** Source: https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto */
const CHECK = '/grpc.health.v1.Health/Check';
const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const MAX_BYTES = 64 * 1024;

/** What a server says of one of its services. */
export interface GrpcHealth {
  /** Name of the gRPC status: `OK`, `NOT_FOUND`, `UNIMPLEMENTED`, `UNAVAILABLE`... */
  readonly code: string;
  /** Set when the code is `OK`: `SERVING`, `NOT_SERVING`... */
  readonly status?: string;
  /** What the status says for people. */
  readonly details: string;
}

/** Loads the gRPC client. It takes a while, so it is done while the application starts. */
export async function prepareGrpc(): Promise<typeof import('@grpc/grpc-js')> {
  return createRequire(import.meta.url)('@grpc/grpc-js');
}

/** Asks a server for the health of one of its services; the empty name stands for the whole server. */
export async function checkGrpcHealth(
  { endpoint, tls }: Line,
  service: string,
  { timeoutMs, signal }: Limits,
): Promise<GrpcHealth> {
  const { credentials, Client, status: codes } = await prepareGrpc();
  const target = 'socketPath' in endpoint ? `unix:${endpoint.socketPath}` : `${hostOf(endpoint.host)}:${endpoint.port}`;
  const channel = tls
    ? credentials.createSsl(null, null, null, { rejectUnauthorized: false })
    : credentials.createInsecure();
  const client = new Client(target, channel, {
    'grpc.enable_http_proxy': 0,
    'grpc.default_authority': 'localhost',
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.max_receive_message_length': MAX_BYTES,
  });
  try {
    const deadline = Date.now() + timeoutMs;
    return await new Promise<GrpcHealth>((resolve, reject) => {
      const answered = (error: ServiceError | null, status?: string) => {
        if (signal.aborted) reject(signal.reason);
        else if (error) resolve({ code: codes[error.code] ?? String(error.code), details: error.details });
        else resolve({ code: 'OK', details: '', ...(status !== undefined && { status }) });
      };
      const call = client.makeUnaryRequest(CHECK, encodeService, decodeStatus, service, { deadline }, answered);
      signal.addEventListener('abort', () => call.cancel(), { once: true });
      if (signal.aborted) call.cancel();
    });
  } finally {
    client.close();
  }
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `message HealthCheckRequest { string service = 1; }` */
function encodeService(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([SERVICE_TAG, ...varint(name.length)]), name]);
}

const SERVICE_TAG = 0x0a;
const STATUS_TAG = 0x08;

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}

/** `message HealthCheckResponse { ServingStatus status = 1; }`: an absent field is the first of the enum. */
function decodeStatus(message: Buffer): string {
  const value = message[0] === STATUS_TAG ? (message[1] ?? 0) : 0;
  return SERVING_STATUS[value] ?? String(value);
}
