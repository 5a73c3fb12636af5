import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOSTNAME, type Mount } from './runtime-spec.ts';

const LOOPBACK_HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
127.0.0.1\t${HOSTNAME}
`;

/** The three files an engine puts over the image's own: hosts, hostname, resolv.conf. */
export async function systemFileMounts(directory: string, network: 'none' | 'host'): Promise<Mount[]> {
  const contents: Record<string, string> = {
    hosts: network === 'host' ? await readFile('/etc/hosts', 'utf8') : LOOPBACK_HOSTS,
    hostname: `${HOSTNAME}\n`,
    'resolv.conf': await readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
  };
  const mounts: Mount[] = [];
  for (const [name, content] of Object.entries(contents)) {
    const source = join(directory, name);
    await writeFile(source, content, { mode: 0o644 });
    mounts.push({ destination: `/etc/${name}`, type: 'bind', source, options: ['bind', 'rw', 'nosuid', 'nodev'] });
  }
  return mounts;
}
