import type { ProbeFile } from '../probe/file/probe-file.ts';
import type { ProbeOptions } from './build-options.ts';

/**
 * What `--http-probe-apispec PATH[:PREFIX]` and `--http-probe-apispec-file FILE[:PREFIX]` ask for, as a probe file would
 * say it. Errors: CONFIG_INVALID.
 */
export async function readApiSpecs(options: ProbeOptions): Promise<ProbeFile[]> {
  const written = [
    ...(options.httpProbeApispec ?? []).map((text) => specOf('--http-probe-apispec', 'path', text)),
    ...(options.httpProbeApispecFile ?? []).map((text) => specOf('--http-probe-apispec-file', 'file', text)),
  ];
  if (written.length === 0) return [];
  const { apiProbeFile } = await import('../probe/file/api-spec.ts');
  return Promise.all(written.map(({ option, spec }) => apiProbeFile(option, spec)));
}

function specOf(option: string, key: 'path' | 'file', text: string) {
  const colon = text.lastIndexOf(':');
  const prefix = colon < 0 ? undefined : text.slice(colon + 1);
  const name = colon < 0 ? text : text.slice(0, colon);
  return { option, spec: { [key]: name, ...(prefix !== undefined && { prefix }) } };
}
