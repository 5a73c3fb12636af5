import { z } from 'zod';
import { listener, oneListener, user, workdir } from '../kinds/fields.ts';
import { item, shared, step } from './item.ts';

const items = z.array(item).max(10_000);
const around = z
  .array(step)
  .max(1000)
  .optional()
  .meta({ description: 'Done before the probes (setup) or after them (teardown). Has to succeed; is not compared.' });
const probeSet = { setup: around, probes: items, teardown: around };
const words = z.array(z.string(), { error: 'give a list of words: [nginx, -g, daemon off;]' }).min(1);

const scenario = z
  .strictObject({
    name: z.string().regex(/^[\w.-]{1,40}$/, { error: 'give a short name of letters, digits, ".", "_" and "-"' }),
    command: words.optional().meta({ description: "Instead of the image's CMD, as a list of words." }),
    entrypoint: words.optional().meta({ description: "Instead of the image's ENTRYPOINT; drops its CMD." }),
    env: z.record(z.string(), z.coerce.string()).optional().meta({ description: 'More environment.' }),
    user: user.optional(),
    workdir: workdir.optional(),
    ...listener,
    ...probeSet,
    probes: items.optional(),
  })
  .superRefine(oneListener);

/** A probe file. Kinds and what they take: see src/probe/kinds. */
export const probeDocument = z
  .strictObject({
    version: z.literal(1, { error: 'must be 1' }),
    defaults: z
      .strictObject({ ...listener, timeout: shared.timeout, retry: shared.retry })
      .superRefine(oneListener)
      .optional()
      .meta({ description: 'What holds where a probe says nothing else.' }),
    ...probeSet,
    probes: items.optional(),
    scenarios: z
      .array(scenario)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'Runs of the same image with another command, user or environment.' }),
  })
  .refine(({ probes, scenarios }) => probes !== undefined || scenarios !== undefined, {
    error: 'there must be probes or scenarios',
  })
  .refine(({ scenarios = [] }) => new Set(scenarios.map(({ name }) => name)).size === scenarios.length, {
    error: 'scenarios must have different names',
    path: ['scenarios'],
  });

export type ProbeDocument = z.infer<typeof probeDocument>;
