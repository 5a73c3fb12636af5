import { TraceSlimError } from '../errors.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { bytesOf, displayPath } from '../rootfs/path.ts';
import type { HttpCommand, ProbeSettings } from '../settings.ts';
import { crawlProbe } from './crawl.ts';
import { execProbe, type Program, type TraceWrapper } from './exec.ts';
import { probesOf } from './file/make.ts';
import { healthcheckProbe, healthcheckReady } from './healthcheck.ts';
import { httpProbe } from './http.ts';
import { stopLast } from './kinds/signal.ts';
import { HttpOrigins } from './origins.ts';
import type { ReadyCheck, ReadyConditions } from './readiness.ts';
import { type ImagePrograms, scriptProgram, shellProgram } from './shell.ts';
import type { Probe } from './types.ts';

export interface ProbePlan {
  /** In the order they are to be run: HEALTHCHECK, HTTP, probe files, exec, and what stops the application. Their ids are distinct. */
  readonly probes: readonly Probe[];
  readonly ready: ReadyConditions;
  /** Sentences on what is not probed. */
  readonly notes: readonly string[];
}

export interface PlanContext {
  readonly trace: TraceWrapper;
  readonly programs: ImagePrograms;
}

const DEFAULT_COMMAND: HttpCommand = { method: 'GET', resource: '/', headers: [], crawl: false };
const READY_CHECK_TIMEOUT_MS = 30_000;

/**
 * Makes the probes of an image. Without HTTP commands, GET / is sent to each exposed TCP port, of which one must open;
 * commands take the place of that. Ports that were named must open. The probes are made once for all runs of an image
 * and its slim counterpart: they remember schemes and crawled pages. Errors: CONFIG_INVALID.
 */
export function planProbes(settings: ProbeSettings, config: RuntimeConfig, context: PlanContext): ProbePlan {
  const ids = new Set<string>();
  const http = settings.http.enabled ? httpTargets(settings, config) : [];
  const isChecked = settings.healthcheck && !namesHealthcheck(settings);
  const health = isChecked ? healthcheckProbe({ config, ...context }) : undefined;
  const origins = new HttpOrigins();
  const fromFiles = fileProbes(settings, config, { ...context, origins }, ids);
  const probes = stopLast([
    ...(health ? [health] : []),
    ...httpProbes(http, settings, ids, origins),
    ...fromFiles,
    ...execProbes(settings, context, ids),
  ]);
  const namedPorts = http.filter(({ isNamed }) => isNamed).map(({ port }) => port);
  const required = [...namedPorts, ...fromFiles.flatMap(({ listeners }) => listeners), ...settings.ready.ports];
  const optionalPorts = http.filter(({ isNamed }) => !isNamed).map(({ port }) => port);
  return {
    probes,
    ready: {
      required: [...new Set(required)],
      optionalPorts: [...new Set(optionalPorts)].filter((port) => !required.includes(port)),
      checks: readyChecks(settings, config, context),
      timeoutMs: settings.ready.timeoutMs,
      ...(settings.ready.waitMs ? { waitMs: settings.ready.waitMs } : {}),
    },
    notes: settings.http.enabled ? notesOn(settings, config, probes.length) : [],
  };
}

interface HttpTarget {
  readonly command: HttpCommand;
  readonly port: number;
  /** The port was named by the user, not only exposed by the image. */
  readonly isNamed: boolean;
}

function httpTargets({ http }: ProbeSettings, config: RuntimeConfig): HttpTarget[] {
  const commands = http.commands.length > 0 ? http.commands : [DEFAULT_COMMAND];
  const isNamed = http.ports.length > 0;
  const ports = isNamed ? http.ports : exposedPorts(config, 'tcp');
  const homeless = http.commands.find((command) => command.port === undefined && ports.length === 0);
  if (homeless) {
    throw new TraceSlimError('CONFIG_INVALID', `no port to send ${homeless.method} ${homeless.resource} to`, {
      hint: 'The image exposes no TCP port: name one with --http-probe-ports or --expose.',
    });
  }
  return commands.flatMap((command) =>
    command.port === undefined
      ? ports.map((port) => ({ command, port, isNamed }))
      : [{ command, port: command.port, isNamed: true }],
  );
}

function httpProbes(
  targets: readonly HttpTarget[],
  { http }: ProbeSettings,
  ids: Set<string>,
  origins: HttpOrigins,
): Probe[] {
  const named = targets.map(({ command, port }) => {
    const id = distinct(ids, `${command.protocol ?? 'http'} ${command.method} :${port}${shown(command.resource)}`);
    return { id, command, listener: port, timeoutMs: http.timeoutMs, origins };
  });
  const limits = {
    maxDepth: http.crawlMaxDepth,
    maxPages: http.crawlMaxPages,
    maxTimeMs: http.crawlMaxTimeMs,
    claimed: ids,
  };
  return named.map((options) =>
    http.crawl || options.command.crawl ? crawlProbe({ ...options, ...limits }) : httpProbe(options),
  );
}

function execProbes({ exec, execFiles }: ProbeSettings, { trace, programs }: PlanContext, ids: Set<string>): Probe[] {
  const make = (id: string, program: Program) => execProbe({ id: distinct(ids, id), program, trace });
  return [
    ...exec.map((line) => make(`exec ${shown(line)}`, shellProgram(line, programs))),
    ...execFiles.map(({ path, content }) =>
      make(`exec-file ${shown(path.slice(path.lastIndexOf('/') + 1))}`, scriptProgram(content, programs)),
    ),
  ];
}

function fileProbes(
  settings: ProbeSettings,
  config: RuntimeConfig,
  context: PlanContext & { readonly origins: HttpOrigins },
  claimed: Set<string>,
): Probe[] {
  const claim = (id: string) => distinct(claimed, shown(id));
  const listeners = [...settings.http.ports, ...exposedPorts(config, 'tcp')];
  const all = { ...context, config, settings, claimed, claim, listeners };
  return (settings.files ?? []).flatMap(({ main }) => (main ? probesOf(main, all) : []));
}

function namesHealthcheck({ files = [] }: ProbeSettings): boolean {
  const groups = files.flatMap(({ main }) => main?.probes ?? []);
  return groups.some(({ items }) => items.some(({ kind }) => kind === 'healthcheck'));
}

function readyChecks({ ready }: ProbeSettings, config: RuntimeConfig, context: PlanContext): ReadyCheck[] {
  const { command, healthcheck } = ready;
  const { trace, programs } = context;
  const health = healthcheck ? healthcheckReady({ config, ...context }) : undefined;
  if (healthcheck && !health) {
    throw new TraceSlimError('CONFIG_INVALID', 'the image has no HEALTHCHECK to wait for', {
      hint: 'Wait for a port or a command instead.',
    });
  }
  const program = command === undefined ? undefined : shellProgram(command, programs);
  return [
    ...(program ? [{ name: `\`${shown(command ?? '')}\``, program, timeoutMs: READY_CHECK_TIMEOUT_MS, trace }] : []),
    ...(health ? [health] : []),
  ];
}

function notesOn(settings: ProbeSettings, config: RuntimeConfig, probeCount: number): string[] {
  const { commands, ports } = settings.http;
  const others = exposedPorts(config, '(?!tcp)\\w+');
  const isBlind = probeCount === 0 && commands.length === 0 && ports.length === 0;
  return [
    ...(others.length > 0 ? [`Port ${others.join(', ')} is not TCP and not probed.`] : []),
    ...(isBlind ? ['The image exposes no TCP port, so no HTTP probe is made.'] : []),
  ];
}

/** Port numbers of one protocol in `ExposedPorts`, whose keys are `80`, `80/tcp` or `8000-8010/tcp`, in order. */
function exposedPorts(config: RuntimeConfig, protocol: string): number[] {
  const pattern = new RegExp(`^(\\d{1,5})(?:-(\\d{1,5}))?/${protocol}$`, 'i');
  const found = Object.keys(config.ExposedPorts ?? {}).flatMap((key) => {
    const [, first, last = first] = pattern.exec(key.includes('/') ? key : `${key}/tcp`) ?? [];
    const count = Math.min(Number(last) - Number(first) + 1, MAX_RANGE);
    return first === undefined ? [] : Array.from({ length: Math.max(0, count) }, (_, at) => Number(first) + at);
  });
  return [...new Set(found)].filter((port) => port >= 1 && port <= 65_535).sort((a, b) => a - b);
}

const MAX_RANGE = 100;
const MAX_ID_LENGTH = 100;

function shown(text: string): string {
  const line = displayPath(bytesOf(text.trim().replace(/\s+/g, ' ')));
  return line.length > MAX_ID_LENGTH ? `${line.slice(0, MAX_ID_LENGTH)}…` : line;
}

/** Claims an id, with a number behind it when it is taken. */
function distinct(ids: Set<string>, id: string): string {
  let free = id;
  for (let count = 2; ids.has(free); count++) free = `${id} (${count})`;
  ids.add(free);
  return free;
}
