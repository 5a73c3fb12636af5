import { z } from 'zod';
import type { Listener } from '../../engine/types.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const MAX_DURATION_MS = 24 * 3_600_000;

/** A time as `30s`, `500ms`, `2m`, or a number of seconds; gives milliseconds. */
export const durationMs = z
  .union([
    z.number().positive(),
    z
      .string()
      .regex(/^\d+(?:\.\d+)?(?:ms|s|m|h)?$/, { error: 'give a time such as 30s, 500ms, 2m or a number of seconds' }),
  ])
  .transform((given) => {
    const [, number = '', unit = 's'] = /^([\d.]+)(ms|s|m|h)?$/.exec(String(given)) ?? [];
    return Math.min(Math.round(Number(number) * (UNIT_MS[unit] ?? 1000)), MAX_DURATION_MS);
  })
  .meta({ description: 'A time: 30s, 500ms, 2m, or a number of seconds.' });

/** A TCP port of the container. */
const port = z.int().min(1).max(65_535).meta({ description: 'A TCP port of the container.' });

/** What a probe talks to, as it is written. */
export interface GivenListener {
  readonly port?: number | undefined;
  readonly socket?: string | undefined;
}

/** Fields of a {@link GivenListener}. */
export const listener = {
  port: port.optional(),
  socket: z
    .string()
    .regex(/^\/[^\0]*[^/\0]$/, { error: 'give the absolute path of a unix socket' })
    .optional()
    .meta({ description: 'A unix socket in the container, instead of a TCP port.' }),
};

/** Refuses a probe that is to talk to two things. */
export function oneListener({ port, socket }: GivenListener, context: z.core.$RefinementCtx): void {
  if (port === undefined || socket === undefined) return;
  context.addIssue({ code: 'custom', message: 'give port or socket, not both', path: ['socket'] });
}

/** Undefined when nothing was given. */
export function listenerGiven({ port, socket }: GivenListener): Listener | undefined {
  return socket ?? port;
}

/** Whom something runs as, as in USER of an image; numbers may stand without quotes. */
export const user = z
  .union([
    z.string().regex(/^[^:\s\0]+(?::[^:\s\0]+)?$/, { error: 'give a user, or user:group, by name or number' }),
    z.int().min(0),
  ])
  .transform(String)
  .meta({ description: 'A user, or user:group, by name or number.' });

/** Where something runs. */
export const workdir = z
  .string()
  .regex(/^\/[^\0]*$/, { error: 'give an absolute path' })
  .meta({ description: 'The working directory, an absolute path.' });

/** Header names and values. */
export const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, { error: 'is no header name' }),
    z.string().regex(/^[^\r\n\0]*$/, { error: 'must be one line' }),
  )
  .meta({ description: 'Header names and values.' });
