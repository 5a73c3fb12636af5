import { type ImagePath, parentOf } from '../../rootfs/path.ts';
import { readSmallFile } from '../../rootfs/read-file.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { Rule } from '../rule.ts';

/** Always used by glibc when nsswitch.conf is missing or says nothing. */
const DEFAULT_SERVICES = ['files', 'dns'];

/** glibc opens name service modules by the words in nsswitch.conf. Source: nsswitch.conf(5). */
export const nameService: Rule = {
  id: 'name-service',
  because: 'name service module of',
  follow: ({ path }, _, { rootfs }) =>
    /\/libc(?:\.so\.6|-2\.\d+\.so)$/.test(path) ? modulesIn(parentOf(path), rootfs) : [],
};

async function modulesIn(directory: ImagePath, rootfs: RootFs): Promise<string[]> {
  const services = new Set([...DEFAULT_SERVICES, ...servicesOf(await readSmallFile(rootfs, '/etc/nsswitch.conf'))]);
  return [...services].map((service) => `${directory}/libnss_${service}.so.2`);
}

function servicesOf(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => /^\s*\w+:([^#]*)/.exec(line)?.[1] ?? [])
    .flatMap((list) => list.replace(/\[[^\]]*\]/g, ' ').match(/\w+/g) ?? []);
}
