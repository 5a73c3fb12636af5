import { isIP } from 'node:net';
import type { ContainerSettings } from '../settings.ts';
import type { ContainerOptions } from './container-options.ts';
import { parseMount, parseTmpfs, parseVolume } from './mount-settings.ts';
import { invalid, parseNamed, parseSize } from './values.ts';

/** Stands for the address of the host, as with `docker run`. */
const HOST_GATEWAY = 'host-gateway';

/**
 * What is put around the application. Relative paths of bind mounts are taken from the current folder.
 *
 * @throws USAGE_INVALID
 */
export function readContainerSettings(options: ContainerOptions): ContainerSettings {
  const { network, hostname, croRuntime: runtime } = options;
  const shmSize = options.shmSize ?? options.croShmSize;
  return {
    hosts: [...parseHosts('--etc-hosts-map', options.etcHostsMap), ...parseHosts('--add-host', options.addHost)],
    dns: (options.containerDns ?? []).map((text) => parseAddress('--container-dns', text)),
    dnsSearch: options.containerDnsSearch ?? [],
    links: options.link ?? [],
    labels: parseNamed('--label', options.label ?? []),
    capAdd: (options.capAdd ?? []).flatMap((text) => text.split(',')).map(parseCapability),
    mounts: [
      ...(options.mount ?? []).map((text) => parseMount('--mount', text)),
      ...(options.volume ?? []).map((text) => parseVolume('--volume', text)),
      ...(options.tmpfs ?? []).map((text) => parseTmpfs('--tmpfs', text)),
    ],
    publish: (options.publishPort ?? []).map(parsePublished),
    sysctls: parseNamed('--cro-sysctl', options.croSysctl ?? []),
    tty: options.tty ?? false,
    stdin: options.interactive ?? false,
    ...(network === undefined ? {} : { network }),
    ...(hostname === undefined ? {} : { hostname: parseHostname(hostname) }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(shmSize === undefined ? {} : { shmSizeBytes: parseSize('--shm-size', shmSize) }),
  };
}

/** `name:address` and `name=address`; an IPv6 address may stand in brackets. */
function parseHosts(option: string, texts: readonly string[] = []): string[] {
  return texts.map((text) => {
    const [, name = '', address = ''] = /^([^:=\s]+)[:=]\[?([^\]\s]+)\]?$/.exec(text) ?? [];
    if (isIP(address) === 0 && address !== HOST_GATEWAY) throw invalid(option, text, 'use NAME:ADDRESS');
    return `${name}:${address}`;
  });
}

function parseAddress(option: string, text: string): string {
  if (isIP(text) === 0) throw invalid(option, text, 'give an IP address');
  return text;
}

/** hostname(7), and its length in the kernel (HOST_NAME_MAX). */
function parseHostname(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw invalid('--hostname', text, 'use up to 64 letters, digits, dots and dashes');
}

function parseCapability(text: string): string {
  const name = text.trim().toUpperCase();
  if (/^[A-Z_]+$/.test(name)) return name;
  throw invalid('--cap-add', text, 'use names such as NET_ADMIN, or ALL');
}

/** A lone port is published as itself, as SlimToolkit does. */
function parsePublished(text: string): string {
  const [, ip, host = '', port = '', protocol = ''] =
    /^(?:(?:(\[[0-9a-f:]+\]|[0-9.]+):)?(\d*):)?(\d{1,5})(\/(?:tcp|udp))?$/.exec(text) ?? [];
  if (port === '') throw invalid('--publish-port', text, 'use PORT, HOSTPORT:PORT or ADDRESS:HOSTPORT:PORT');
  const isAlone = !text.includes(':');
  return `${ip === undefined ? '' : `${ip}:`}${isAlone ? port : host}:${port}${protocol}`;
}
