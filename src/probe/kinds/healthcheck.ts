import { z } from 'zod';
import { TraceSlimError } from '../../errors.ts';
import { healthcheckProbe } from '../healthcheck.ts';
import type { ProbeKind } from './kind.ts';

/** It has limits of its own, which are shorter. */
const HEALTHCHECK_TIMEOUT_MS = 600_000;

const schema = z
  .union([z.literal(true), z.strictObject({})])
  .meta({ description: "Runs the image's HEALTHCHECK (true)." });

/** The image's HEALTHCHECK; ok when it exits 0, unless `expect` says otherwise. */
export const healthcheckKind: ProbeKind<z.infer<typeof schema>> = {
  name: 'healthcheck',
  schema,
  expects: ['exit', 'stdout', 'stderr'],
  decides: 'exit',
  make(_, context) {
    const probe = healthcheckProbe(context);
    if (!probe) {
      throw new TraceSlimError('CONFIG_INVALID', 'the image has no HEALTHCHECK to probe it with', {
        hint: 'Take the healthcheck probe out of the file, or give one with --health-cmd.',
      });
    }
    return {
      title: '',
      listeners: [],
      timeoutMs: HEALTHCHECK_TIMEOUT_MS,
      run: async (container, { id, signal }) => {
        const outcomes = await probe.run(container, { signal });
        return outcomes.map((outcome) => ({ ...outcome, probe: id }));
      },
    };
  },
};
