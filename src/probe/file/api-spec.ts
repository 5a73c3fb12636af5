import { TraceSlimError } from '../../errors.ts';
import { openapiKind } from '../kinds/openapi.ts';
import type { ProbeFile } from './probe-file.ts';

/** One openapi probe as a probe file of its own. `option` is what asked for it. Errors: CONFIG_INVALID. */
export async function apiProbeFile(option: string, written: object): Promise<ProbeFile> {
  const parsed = openapiKind.schema.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new TraceSlimError('CONFIG_INVALID', `${option} is not usable: ${issue?.path.join('.')} ${issue?.message}`, {
      hint: `Write it as ${option} PATH or PATH:PREFIX.`,
    });
  }
  const spec = (await openapiKind.load?.(parsed.data, process.cwd())) ?? parsed.data;
  const item = { kind: openapiKind.name, spec, retryMs: 0, masks: [], place: option };
  return { path: option, main: { setup: [], probes: [{ repeat: 1, items: [item] }], teardown: [] }, scenarios: [] };
}
