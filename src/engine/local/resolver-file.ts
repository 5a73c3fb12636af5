import type { ContainerSettings } from '../../settings.ts';

/** The host's resolv.conf(5) with other name servers or domains in place of its own. */
export function resolverFile(host: string, { dns, dnsSearch }: Pick<ContainerSettings, 'dns' | 'dnsSearch'>): string {
  if (dns.length + dnsSearch.length === 0) return host;
  const replaced = [...(dns.length > 0 ? ['nameserver'] : []), ...(dnsSearch.length > 0 ? ['search', 'domain'] : [])];
  const kept = host.split('\n').filter((line) => line !== '' && !replaced.includes(line.split(/\s/, 1)[0] ?? ''));
  const added = [...dns.map((address) => `nameserver ${address}`), ...searchLines(dnsSearch)];
  return [...kept, ...added].map((line) => `${line}\n`).join('');
}

function searchLines(domains: readonly string[]): string[] {
  return domains.length > 0 ? [`search ${domains.join(' ')}`] : [];
}
