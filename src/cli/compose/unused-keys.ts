import type { ComposeService } from './service.ts';

/** Keys that an application may behave otherwise without; they have no counterpart here. */
const MISSED = [
  'privileged',
  'devices',
  'group_add',
  'ipc',
  'pid',
  'userns_mode',
  'secrets',
  'configs',
  'volumes_from',
  'gpus',
  'external_links',
];

/** Notices about what a service says that is not done. */
export function unusedKeys(name: string, service: ComposeService): string[] {
  const keys = MISSED.filter((key) => service[key] !== undefined && service[key] !== false);
  const { network_mode: mode } = service;
  if (mode !== undefined && !/^(?:bridge|default)$/.test(mode)) keys.push('network_mode');
  return keys.length === 0 ? [] : [`the service ${name} is run without its ${keys.join(', ')}`];
}
