import { imagePathFromText } from '../rootfs/path.ts';
import type { ToolkitPaths } from './types.ts';

/**
 * Where a container finds the toolkit and leaves its logs. Below /dev, which is no part of an image: listing the image's
 * root shows nothing of it.
 */
export interface ToolkitPlace {
  /** Random part of the names of one run. */
  readonly runId: string;
  /** File name of the toolkit's dynamic loader. */
  readonly loader: string;
  /** In which of its sets of capabilities what is started has one that is the tracer's alone. Absent: in none. */
  readonly tracerCapability?: 'bounding' | 'ambient' | undefined;
}

const PARENT = '/dev/.trace-slim-';

/** The folder of a run in its containers; the toolkit is bound at `kit` in it, the folder for logs at `logs`. */
export function toolkitPrefix(runId: string): string {
  return `${PARENT}${runId}`;
}

/** Arguments of setpriv(1). Root keeps what the bounding set has, others what the ambient set has. */
const GIVING_UP = {
  bounding: ['--bounding-set=-sys_ptrace'],
  ambient: ['--inh-caps=-sys_ptrace', '--ambient-caps=-sys_ptrace'],
} as const;

/** Absolute paths inside the container, see {@link ToolkitPaths}. */
export function toolkitPaths({ runId, loader, tracerCapability }: ToolkitPlace): ToolkitPaths {
  const prefix = toolkitPrefix(runId);
  const kit = `${prefix}/kit`;
  const shim = `${kit}/shim`;
  const setpriv = [`${shim}/${loader}`, '--library-path', `${kit}/lib`, `${kit}/bin/setpriv`];
  return {
    launcher: [`${kit}/lib/${loader}`, '--library-path', `${kit}/lib`],
    bin: `${kit}/bin`,
    strace: `${kit}/bin/strace`,
    sh: `${kit}/bin/sh`,
    sleep: `${kit}/bin/sleep`,
    unprivileged: tracerCapability ? [...setpriv, ...GIVING_UP[tracerCapability], '--'] : [],
    shim: imagePathFromText(shim),
    logs: `${prefix}/logs`,
    prefix: imagePathFromText(prefix),
  };
}
