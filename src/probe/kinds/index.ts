import { execKind } from './exec.ts';
import type { ProbeKind } from './kind.ts';

/** Every kind of probe that a probe file can name. */
export const KINDS: readonly ProbeKind<unknown>[] = [execKind];
