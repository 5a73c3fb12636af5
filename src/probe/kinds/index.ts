import { crawlKind } from './crawl.ts';
import { execKind } from './exec.ts';
import { healthcheckKind } from './healthcheck.ts';
import { hostExecKind } from './host-exec.ts';
import { httpKind } from './http.ts';
import type { ProbeKind } from './kind.ts';
import { PROTOCOL_KINDS } from './protocols.ts';

/** Every kind of probe that a probe file can name. */
export const KINDS: readonly ProbeKind<unknown>[] = [
  httpKind,
  crawlKind,
  execKind,
  hostExecKind,
  healthcheckKind,
  ...PROTOCOL_KINDS,
];
