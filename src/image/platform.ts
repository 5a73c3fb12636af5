import { TraceSlimError } from '../errors.ts';
import type { Platform } from './types.ts';

/** OCI architecture words (GOARCH) by Node's. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  loong64: 'loong64',
  ppc64: 'ppc64le',
};

/** What this host runs. */
export function hostPlatform(): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[process.arch] ?? process.arch };
}

/** True when `offered` satisfies `wanted`; a variant counts only where one is wanted. */
export function isPlatform(offered: Platform, wanted: Platform): boolean {
  return (
    offered.os === wanted.os &&
    offered.architecture === wanted.architecture &&
    (wanted.variant === undefined || offered.variant === wanted.variant)
  );
}

/** Reads `linux/arm64/v8`; undefined for anything else. */
export function parsePlatform(text: string): Platform | undefined {
  const [, os, architecture, variant] = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(text) ?? [];
  return os && architecture ? { os, architecture, ...(variant ? { variant } : {}) } : undefined;
}

/** `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/** An image for something else than what is wanted. */
export function unsupportedPlatform(subject: string, offered: readonly Platform[], wanted: Platform): TraceSlimError {
  const list = [...new Set(offered.map(formatPlatform))].join(', ') || 'no platform';
  return new TraceSlimError('PLATFORM_UNSUPPORTED', `${subject} is for ${list}, not for ${formatPlatform(wanted)}`, {
    hint: 'Save the image for this platform, e.g. with docker pull --platform before docker save.',
    context: { offered: offered.map(formatPlatform), wanted: formatPlatform(wanted) },
  });
}

/** What a machine runs besides its own architecture, without emulation: a tracer cannot look through that. */
const ALSO_RUNS: Readonly<Record<string, readonly string[]>> = { amd64: ['386'] };

/** Refuses an image that a machine of this architecture (OCI words) cannot run. Errors: PLATFORM_UNSUPPORTED. */
export function checkRunnable(subject: string, { os, architecture }: Platform, machine: string): void {
  if (os === 'linux' && [machine, ...(ALSO_RUNS[machine] ?? [])].includes(architecture)) return;
  throw new TraceSlimError(
    'PLATFORM_UNSUPPORTED',
    `${subject} is for ${os}/${architecture}; linux/${machine} is run here`,
    {
      hint: 'Use the image of this architecture, or run trace-slim on a machine of that one.',
    },
  );
}
