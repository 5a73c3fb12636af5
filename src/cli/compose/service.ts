import { z } from 'zod';
import { TraceSlimError } from '../../errors.ts';

/** Compose's types are loose: numbers and truths are texts as well. Source: https://github.com/compose-spec/compose-spec */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const textOrList = z
  .union([z.array(text), text])
  .nullable()
  .transform((value) => (value === null ? [] : [value].flat()));
/** `NAME=value` from a map or a list; a name without a value stands alone. */
const pairs = z
  .union([z.array(text), z.record(z.string(), text.nullable())])
  .nullable()
  .transform((value) => {
    if (value === null || Array.isArray(value)) return value ?? [];
    return Object.entries(value).map(([name, item]) => (item === null ? name : `${name}=${item}`));
  });
/** Words, or a text that is still to be split. */
const command = z.union([z.array(text), z.string()]).nullable();
const names = z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).transform((value) => {
  return Array.isArray(value) ? value : Object.keys(value);
});

const dependencies = z
  .union([
    z.array(z.string()).transform((all) => all.map((name) => ({ name, condition: 'service_started' }))),
    z
      .record(z.string(), z.looseObject({ condition: z.string().default('service_started') }))
      .transform((all) => Object.entries(all).map(([name, { condition }]) => ({ name, condition }))),
  ])
  .nullable()
  .transform((value) => value ?? []);

const port = z.union([
  text.transform((value) => ({ value })),
  z.looseObject({ target: text, protocol: z.string().default('tcp') }).transform(({ target, protocol }) => ({
    value: `${target}/${protocol}`,
  })),
]);

const volume = z.union([
  z.string(),
  z.looseObject({
    type: z.enum(['bind', 'volume', 'tmpfs']),
    source: z.string().default(''),
    target: z.string(),
    read_only: z.boolean().default(false),
    tmpfs: z.looseObject({ size: text.optional(), mode: z.number().optional() }).optional(),
  }),
]);

const healthcheck = z.looseObject({
  disable: z.boolean().optional(),
  test: z.union([z.string(), z.array(z.string())]).optional(),
  interval: text.optional(),
  timeout: text.optional(),
  start_period: text.optional(),
  retries: z.coerce.number().optional(),
});

const build = z.union([
  z.string().transform((context) => ({ context })),
  z.looseObject({
    context: z.string().default('.'),
    dockerfile: z.string().optional(),
    dockerfile_inline: z.string().optional(),
    args: pairs.optional(),
    labels: pairs.optional(),
    target: z.string().optional(),
    network: z.string().optional(),
    extra_hosts: pairs.optional(),
    cache_from: z.array(z.string()).optional(),
  }),
]);

const envFile = z.union([z.string(), z.looseObject({ path: z.string(), required: z.boolean().default(true) })]);

const networks = z
  .union([
    z.array(z.string()).transform((all) => all.map((name) => ({ name, aliases: [] as string[] }))),
    z
      .record(z.string(), z.looseObject({ aliases: z.array(z.string()).nullish() }).nullable())
      .transform((all) => Object.entries(all).map(([name, value]) => ({ name, aliases: value?.aliases ?? [] }))),
  ])
  .nullable()
  .transform((value) => value ?? []);

const service = z.looseObject({
  image: z.string().optional(),
  build: build.optional(),
  command: command.optional(),
  entrypoint: command.optional(),
  environment: pairs.optional(),
  env_file: z
    .union([z.array(envFile), envFile])
    .transform((value) => [value].flat())
    .optional(),
  user: text.optional(),
  working_dir: z.string().optional(),
  hostname: z.string().optional(),
  container_name: z.string().optional(),
  ports: z.array(port).nullish(),
  expose: z.array(text).nullish(),
  volumes: z.array(volume).nullish(),
  tmpfs: textOrList.optional(),
  networks: networks.optional(),
  network_mode: z.string().optional(),
  depends_on: dependencies.optional(),
  links: z.array(z.string()).nullish(),
  healthcheck: healthcheck.optional(),
  extra_hosts: pairs.optional(),
  dns: textOrList.optional(),
  dns_search: textOrList.optional(),
  labels: pairs.optional(),
  cap_add: z.array(z.string()).nullish(),
  sysctls: pairs.optional(),
  shm_size: text.optional(),
  runtime: z.string().optional(),
  tty: z.boolean().optional(),
  stdin_open: z.boolean().optional(),
  stop_grace_period: text.optional(),
  profiles: names.optional(),
});

const volumeDeclaration = z
  .looseObject({
    name: z.string().optional(),
    external: z.union([z.boolean(), z.looseObject({ name: z.string().optional() })]).optional(),
  })
  .nullable();

const file = z.looseObject({
  services: z.record(z.string(), service.nullable()),
  volumes: z.record(z.string(), volumeDeclaration).nullish(),
});

/** One service of a compose file. */
export type ComposeService = z.output<typeof service>;
type VolumeDeclaration = z.output<typeof volumeDeclaration>;

/** What of a compose file is used here. */
export interface ComposeFile {
  readonly services: ReadonlyMap<string, ComposeService>;
  readonly volumes: ReadonlyMap<string, VolumeDeclaration>;
}

/** Checks a document of compose. Errors: CONFIG_INVALID with the place of what is wrong. */
export function parseComposeFile(name: string, content: unknown): ComposeFile {
  const { data, error } = file.safeParse(content);
  if (!data) {
    const problems = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new TraceSlimError('CONFIG_INVALID', `${name} is no compose file: ${problems[0]}`, { context: { problems } });
  }
  const services = Object.entries(data.services).map(([key, value]) => [key, value ?? service.parse({})] as const);
  const wrong = services.find(([key]) => !/^[\w.-]+$/.test(key));
  if (wrong) throw new TraceSlimError('CONFIG_INVALID', `${name}: ${JSON.stringify(wrong[0])} is no name of a service`);
  return { services: new Map(services), volumes: new Map(Object.entries(data.volumes ?? {})) };
}
