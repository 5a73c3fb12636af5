import type { RuntimeConfig } from '../image/types.ts';

/** What is known of an image before anybody has said how to probe it. */
export interface Findings {
  /** As the user named it. */
  readonly source: string;
  /** The image's own, with the user's overrides. */
  readonly config: RuntimeConfig;
  /** Exposed TCP ports that were open when the image ran, in order. */
  readonly ports: readonly PortFinding[];
  /** Exposed TCP ports that stayed closed. */
  readonly closedPorts: readonly number[];
  /** Ports of other protocols: `53/udp`. */
  readonly otherPorts: readonly string[];
  /** Commands that were tried because there is no port, and whether they succeeded. */
  readonly commands: readonly { readonly words: readonly string[]; readonly succeeds: boolean }[];
  /** Why the image could not be looked at while it runs. */
  readonly trouble?: string;
}

/** What answers on a port. `other` says nothing that is understood here. */
export interface PortFinding {
  readonly port: number;
  readonly speaks: 'http' | 'https' | 'h2' | 'h2c' | 'redis' | 'fastcgi' | 'other';
  /** Status and content type of GET /, where it speaks HTTP. */
  readonly answer?: string;
  /** Status of GET /. */
  readonly status?: number;
  /** It answers gRPC health checks. */
  readonly hasHealth?: boolean;
  readonly api?: { readonly path: string; readonly operations: number };
}
