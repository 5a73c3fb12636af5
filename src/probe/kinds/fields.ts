import { z } from 'zod';

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
export const port = z.int().min(1).max(65_535).meta({ description: 'A TCP port of the container.' });

/** Header names and values. */
export const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, { error: 'is no header name' }),
    z.string().regex(/^[^\r\n\0]*$/, { error: 'must be one line' }),
  )
  .meta({ description: 'Header names and values.' });
