import { fastcgiKind } from './fastcgi.ts';
import { grpcHealthKind } from './grpc-health.ts';
import type { ProbeKind } from './kind.ts';
import { openapiKind } from './openapi.ts';
import { redisKind } from './redis.ts';
import { signalKind } from './signal.ts';
import { tcpKind } from './tcp.ts';
import { websocketKind } from './websocket.ts';

/** Kinds that speak something else than plain HTTP, or speak HTTP by a document; and the one that stops the application. */
export const PROTOCOL_KINDS: readonly ProbeKind<unknown>[] = [
  openapiKind,
  websocketKind,
  tcpKind,
  grpcHealthKind,
  redisKind,
  fastcgiKind,
  signalKind,
];
