import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { nameFromPath } from '../../build/outputs.ts';
import { TraceSlimError } from '../../errors.ts';
import { parseImageName } from '../../image/reference.ts';
import type { BuildSettings, FatBuildSettings, RunSettings, ServiceSettings } from '../../settings.ts';
import type { BuildOptions } from '../build-options.ts';
import type { SettingsContext } from '../origin-settings.ts';
import { readEnvironment } from '../run-settings.ts';
import { buildOf } from './build.ts';
import { dependenciesOf, isJob, serviceOf } from './dependencies.ts';
import { type ComposeDocument, readComposeDocument } from './document.ts';
import { withOverrides } from './overrides.ts';
import { runSettingsOf } from './run-settings.ts';
import { type ComposeFile, type ComposeService, parseComposeFile } from './service.ts';
import { unusedKeys } from './unused-keys.ts';

type Options = BuildOptions & { readonly composeFile: readonly string[] };

/**
 * The image of a service of a compose file, run as the file says and beside the services it needs. What the command line
 * says about running it counts for more. Errors: USAGE_INVALID, CONFIG_INVALID, TOOL_MISSING.
 */
export async function readComposeOrigin(
  source: string | undefined,
  options: Options,
  context: SettingsContext & { readonly run: RunSettings },
): Promise<Pick<BuildSettings, 'source' | 'run' | 'preparation'>> {
  const target = targetOf(source, options);
  const document = await readDocument(options, context.env);
  const file = parseComposeFile(options.composeFile[0] ?? '', document.content);
  const service = serviceOf(target, file.services);
  const others = dependenciesOf(target, file, options);
  const reader = new ServiceReader(document, file, options, context);
  const run = withOverrides(await reader.runOf(target, service), context.run);
  const build = options.targetComposeSvcImage === undefined ? reader.buildOf(target, service) : undefined;
  const image = build?.name ?? imageOf(target, service, options.targetComposeSvcImage);
  const services: ServiceSettings[] = [];
  for (const name of others) services.push(await reader.serviceSettings(name, isJob(name, file)));
  for (const text of [target, ...others].flatMap((name) => unusedKeys(name, serviceOf(name, file.services)))) {
    context.notice(text);
  }
  const { network, makesNetwork, volumes } = reader;
  return {
    source: `docker-daemon:${image}`,
    run,
    preparation: { ...(build ? { build } : {}), services: { network, makesNetwork, volumes: [...volumes], services } },
  };
}

function targetOf(source: string | undefined, { targetComposeSvc, service }: Options): string {
  const target = targetComposeSvc ?? service;
  if (source !== undefined) {
    throw new TraceSlimError('USAGE_INVALID', `${source} is given besides --compose-file`, {
      hint: 'the image is that of the service; name another with --target-compose-svc-image',
    });
  }
  if (target !== undefined) return target;
  throw new TraceSlimError('USAGE_INVALID', 'no service of the compose file is named', {
    hint: 'name the one whose image is to be made slim with --target-compose-svc',
  });
}

/** What a compose client needs to work at all. */
const CLIENT_VARIABLES = /^(?:PATH|HOME|DOCKER_.*)$/;

function readDocument(options: Options, env: NodeJS.ProcessEnv): Promise<ComposeDocument> {
  const own = Object.entries(env).filter(([name]) => CLIENT_VARIABLES.test(name));
  return readComposeDocument({
    files: options.composeFile,
    envFile: options.composeEnvFile,
    projectName: options.composeProjectName,
    directory: options.composeWorkdir,
    env: options.composeEnvNohost ? Object.fromEntries(own) : env,
  });
}

/** `--target-compose-svc-image` is a whole name, or the tag of the service's own. */
function imageOf(target: string, { image }: ComposeService, wanted: string | undefined): string {
  if (wanted !== undefined && (/[:/@]/.test(wanted) || image === undefined)) return wanted;
  if (image === undefined) {
    throw new TraceSlimError('CONFIG_INVALID', `the service ${target} has neither image nor build`);
  }
  if (wanted === undefined) return image;
  const { tag } = parseImageName(image) ?? {};
  return `${tag ? image.slice(0, -tag.length - 1) : image}:${wanted}`;
}

/** Reads services into one network of the run; `volumes` are those that are made for it, as far as services use them. */
class ServiceReader {
  readonly network: string;
  readonly makesNetwork: boolean;
  readonly volumes = new Set<string>();
  readonly #document: ComposeDocument;
  readonly #file: ComposeFile;
  readonly #options: Options;
  readonly #env: NodeJS.ProcessEnv;
  readonly #runName = `trace-slim-${randomBytes(5).toString('hex')}`;

  constructor(document: ComposeDocument, file: ComposeFile, options: Options, { env }: SettingsContext) {
    this.#document = document;
    this.#file = file;
    this.#options = options;
    this.#env = options.composeEnvNohost ? {} : env;
    this.network = options.network ?? this.#runName;
    this.makesNetwork = options.network === undefined;
    if (/^(?:none|host|bridge|default|private)$/.test(this.network)) {
      throw new TraceSlimError('USAGE_INVALID', `--network ${this.network} has no names for services`, {
        hint: 'leave it out: a network is made for the services and removed afterwards',
      });
    }
  }

  async runOf(name: string, service: ComposeService): Promise<RunSettings> {
    const { directory } = this.#document;
    const files = (service.env_file ?? []).map((entry) =>
      typeof entry === 'string' ? { path: entry, required: true } : entry,
    );
    const env = await readEnvironment(
      {
        files: files.map(({ path, required }) => ({ path: resolve(directory, path), required })),
        entries: service.environment ?? [],
      },
      this.#env,
    );
    const volumeName = (declared: string) => this.#volumeName(declared);
    return runSettingsOf(service, { name, directory, env, network: this.network, volumeName });
  }

  async serviceSettings(name: string, isDone: boolean): Promise<ServiceSettings> {
    const service = serviceOf(name, this.#file.services);
    const build = this.buildOf(name, service);
    const run = await this.runOf(name, service);
    const links = [...this.#file.services.values()].flatMap((other) => other.links ?? []);
    const more = links.flatMap((link) => (link.startsWith(`${name}:`) ? [link.slice(name.length + 1)] : []));
    const container = { ...run.container, aliases: [...(run.container.aliases ?? []), ...more] };
    return {
      name,
      image: build?.name ?? imageOf(name, service, undefined),
      run: { ...run, container },
      until: isDone ? 'completed' : 'ready',
      // What is only needed while the others run is not kept.
      ...(build ? { build: { ...build, isTemporary: true } } : {}),
    };
  }

  buildOf(name: string, service: ComposeService): FatBuildSettings | undefined {
    const { directory } = this.#document;
    const project = this.#options.composeProjectName ?? nameFromPath(basename(directory));
    return buildOf(service, { directory, name: `${project}-${name}`, options: this.#options, env: this.#env });
  }

  /** One that is declared as external exists; all others are made for the run, so that nobody's data is touched. */
  #volumeName(declared: string): string {
    const { name, external } = this.#file.volumes.get(declared) ?? {};
    if (external) return (typeof external === 'object' ? external.name : name) ?? declared;
    const made = `${this.#runName}-${declared}`;
    this.volumes.add(made);
    return made;
  }
}
