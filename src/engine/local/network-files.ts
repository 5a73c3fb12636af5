import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerSettings } from '../../settings.ts';
import { resolverFile } from './resolver-file.ts';
import { HOSTNAME, type Mount } from './runtime-spec.ts';

const LOOPBACK_HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** Without a bridge the host is what loopback leads to, if anything does. */
const HOST_GATEWAY = 'host-gateway';
const LOOPBACK = '127.0.0.1';

/** The three files an engine puts over the image's own: hosts, hostname, resolv.conf. */
export async function systemFileMounts(directory: string, settings: ContainerSettings): Promise<Mount[]> {
  const { hostname = HOSTNAME } = settings;
  const contents: Record<string, string> = {
    hosts: await hostsFile(settings),
    hostname: `${hostname}\n`,
    'resolv.conf': resolverFile(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''), settings),
  };
  const mounts: Mount[] = [];
  for (const [name, content] of Object.entries(contents)) {
    const source = join(directory, name);
    await writeFile(source, content, { mode: 0o644 });
    mounts.push({ destination: `/etc/${name}`, type: 'bind', source, options: ['bind', 'rw', 'nosuid', 'nodev'] });
  }
  return mounts;
}

async function hostsFile({ network, hostname = HOSTNAME, hosts }: ContainerSettings): Promise<string> {
  const base =
    network === 'host' ? await readFile('/etc/hosts', 'utf8') : `${LOOPBACK_HOSTS}${LOOPBACK}\t${hostname}\n`;
  const lines = hosts.map((entry) => {
    const [name = '', address = ''] = entry.split(/:(.*)/s);
    return `${address === HOST_GATEWAY ? LOOPBACK : address}\t${name}\n`;
  });
  return [base.replace(/\n?$/, '\n'), ...lines].join('');
}
