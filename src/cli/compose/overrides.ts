import type { ContainerSettings, MountSettings, RunSettings } from '../../settings.ts';

/** How a service is run when the command line says more: what both say is as on the command line. */
export function withOverrides(service: RunSettings, given: RunSettings): RunSettings {
  const { ExposedPorts: ports } = service.config;
  const { ExposedPorts: morePorts } = given.config;
  return {
    ...service,
    ...given,
    config: {
      ...service.config,
      ...given.config,
      ...(ports || morePorts ? { ExposedPorts: { ...ports, ...morePorts } } : {}),
    },
    env: distinctVariables([...service.env, ...given.env]),
    container: containerOf(service.container, given.container),
  };
}

/** Of each variable the last entry. */
function distinctVariables(entries: readonly string[]): string[] {
  return [...new Map(entries.map((entry) => [entry.split('=', 1)[0], entry])).values()];
}

function containerOf(service: ContainerSettings, given: ContainerSettings): ContainerSettings {
  return {
    ...service,
    ...given,
    hosts: [...service.hosts, ...given.hosts],
    dns: given.dns.length > 0 ? given.dns : service.dns,
    dnsSearch: given.dnsSearch.length > 0 ? given.dnsSearch : service.dnsSearch,
    labels: { ...service.labels, ...given.labels },
    capAdd: [...service.capAdd, ...given.capAdd],
    mounts: [...new Map([...service.mounts, ...given.mounts].map((mount) => [targetOf(mount), mount])).values()],
    sysctls: { ...service.sysctls, ...given.sysctls },
    tty: service.tty || given.tty,
    stdin: service.stdin || given.stdin,
  };
}

function targetOf({ target }: MountSettings): string {
  return target.replace(/\/+$/, '');
}
