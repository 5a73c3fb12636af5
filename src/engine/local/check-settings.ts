import { stat } from 'node:fs/promises';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import { imagePathFromText } from '../../rootfs/path.ts';
import type { ContainerSettings } from '../../settings.ts';
import { grantedCapabilities } from './capabilities.ts';

const BY_DAEMON = 'Use --engine docker.';

/** What the container itself needs there. */
const NEVER_MOUNTED_OVER = new Set<string>(['/', '/dev', '/proc', '/sys']);

/**
 * Whether the built-in engine can make such a container. Gives what it does otherwise than a daemon. Errors: USAGE_INVALID
 * for what it cannot do, and for bind mounts of what does not exist.
 */
export async function checkContainerSettings(settings: ContainerSettings): Promise<string[]> {
  const { links, publish, mounts, capAdd } = settings;
  localNetwork(settings);
  if (links.length > 0) throw refused(`link to ${links[0]}: it runs one container`);
  if (publish.length > 0)
    throw refused(`publish the port ${publish[0]}`, 'Ports are probed without; or use --engine docker.');
  grantedCapabilities(capAdd);
  for (const mount of mounts) {
    if (NEVER_MOUNTED_OVER.has(imagePathFromText(mount.target))) throw refused(`mount over ${mount.target}`, '');
    if (mount.type === 'bind') await checkSource(mount.source);
  }
  const named = mounts.flatMap((mount) => (mount.type === 'volume' && mount.source !== '' ? [mount.source] : []));
  return [...new Set(named)].map(
    (name) => `The built-in engine keeps no volumes: ${name} starts as a new one in every container.`,
  );
}

/** The network of a container of this engine. Errors: USAGE_INVALID. */
export function localNetwork({ network = 'none' }: ContainerSettings): 'none' | 'host' {
  if (network === 'none' || network === 'host') return network;
  throw refused(`join the network ${network}`, 'Use --network none or host, or --engine docker.');
}

async function checkSource(source: string): Promise<void> {
  try {
    await stat(source);
  } catch (cause) {
    const why = errnoOf(cause) === 'ENOENT' ? 'no such file or folder' : (errnoOf(cause) ?? 'unreadable');
    throw new TraceSlimError('USAGE_INVALID', `cannot mount ${source}: ${why}`, {
      hint: 'The source of a mount is a path of this computer; for a new volume give its name or the target alone.',
      cause,
    });
  }
}

function refused(what: string, hint = BY_DAEMON): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', `the built-in engine cannot ${what}`, hint === '' ? {} : { hint });
}
