import { TraceSlimError } from '../../errors.ts';
import type { ComposeOptions } from '../compose-options.ts';
import type { ComposeFile, ComposeService } from './service.ts';

type Choice = Pick<
  ComposeOptions,
  | 'depIncludeComposeSvc'
  | 'depIncludeComposeSvcDeps'
  | 'depIncludeTargetComposeSvcDeps'
  | 'depExcludeComposeSvc'
  | 'depExcludeComposeSvcAll'
>;

/**
 * The services to be started beside one, each after those it depends on. Without a choice: what it depends on; when it
 * names nothing, every service that does not itself depend on it. Errors: CONFIG_INVALID, USAGE_INVALID.
 */
export function dependenciesOf(target: string, { services }: ComposeFile, choice: Choice): string[] {
  if (choice.depExcludeComposeSvcAll) return [];
  const named = [
    ...(choice.depIncludeComposeSvc ?? []),
    ...(choice.depIncludeComposeSvcDeps ?? []),
    ...(choice.depExcludeComposeSvc ?? []),
  ];
  for (const name of named) serviceOf(name, services);
  const below = (name: string) => inOrder(directNames(serviceOf(name, services)), services);
  const isChosen =
    choice.depIncludeComposeSvc ?? choice.depIncludeComposeSvcDeps ?? choice.depIncludeTargetComposeSvcDeps;
  const wanted = isChosen
    ? [
        ...inOrder(choice.depIncludeComposeSvc ?? [], services),
        ...(choice.depIncludeComposeSvcDeps ?? []).flatMap(below),
        ...(choice.depIncludeTargetComposeSvcDeps ? below(target) : []),
      ]
    : byDefault(target, services, below);
  const excluded = new Set([target, ...(choice.depExcludeComposeSvc ?? [])]);
  return inOrder(wanted, services).filter((name) => !excluded.has(name));
}

/** Errors: USAGE_INVALID with the names there are. */
export function serviceOf(name: string, services: ComposeFile['services']): ComposeService {
  const service = services.get(name);
  if (service) return service;
  throw new TraceSlimError('USAGE_INVALID', `the compose file has no service ${name}`, {
    hint: `It has: ${[...services.keys()].join(', ')}.`,
  });
}

/** Whether something is only done once a service has ended well. */
export function isJob(name: string, { services }: ComposeFile): boolean {
  return [...services.values()].some(({ depends_on: all = [] }) =>
    all.some((one) => one.name === name && one.condition === 'service_completed_successfully'),
  );
}

function byDefault(target: string, services: ComposeFile['services'], below: (name: string) => string[]): string[] {
  const direct = below(target);
  if (direct.length > 0) return direct;
  const others = [...services].filter(([, { profiles = [] }]) => profiles.length === 0).map(([name]) => name);
  return others.filter((name) => name !== target && !below(name).includes(target));
}

/** Other services that a service names. */
function directNames({ depends_on: all = [], links, network_mode: mode = '' }: ComposeService): string[] {
  const linked = (links ?? []).map((link) => link.split(':')[0] ?? '');
  const [, shared] = /^service:(.+)$/.exec(mode) ?? [];
  return [...all.map(({ name }) => name), ...linked, ...(shared ? [shared] : [])];
}

/** The named services and all they depend on, each after what it depends on. */
function inOrder(names: readonly string[], services: ComposeFile['services']): string[] {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      throw new TraceSlimError('CONFIG_INVALID', `services depend on each other: ${[...path, name].join(' → ')}`);
    }
    for (const other of directNames(serviceOf(name, services))) visit(other, [...path, name]);
    done.add(name);
  };
  for (const name of names) visit(name, []);
  return [...done];
}
