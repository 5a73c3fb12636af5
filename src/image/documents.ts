import { z } from 'zod';
import { invalid } from '../tar/header.ts';
import type { DiffId, Digest, ImageConfig } from './types.ts';

const MAX_LAYERS = 1000;
const MAX_MANIFESTS = 10_000;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no sha256 digest');
const texts = z.array(z.string());
const annotations = z.record(z.string(), z.string()).nullish();

const platform = z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

const descriptor = z.looseObject({
  mediaType: z.string(),
  digest: digest.transform((text) => text as Digest),
  size: z.number().int().nonnegative(),
  urls: texts.nullish(),
  annotations,
  platform: platform.optional(),
});

/** OCI image-spec descriptor.md. */
export type Descriptor = z.infer<typeof descriptor>;

const index = z.looseObject({ manifests: z.array(descriptor).max(MAX_MANIFESTS) });

/** OCI image-spec image-index.md, or Docker's manifest list. */
export type Index = z.infer<typeof index>;

const manifest = z.looseObject({ config: descriptor, layers: z.array(descriptor).max(MAX_LAYERS) });

/** OCI image-spec manifest.md, or Docker's schema 2 manifest. */
export type Manifest = z.infer<typeof manifest>;

const dockerManifest = z
  .array(z.looseObject({ Config: z.string(), RepoTags: texts.nullish(), Layers: texts.max(MAX_LAYERS).nullish() }))
  .max(MAX_MANIFESTS);

/** `manifest.json` of `docker save`: one item an image. */
export type DockerManifest = z.infer<typeof dockerManifest>;

/** Docker writes null for what is not set; these keys are never null here. */
const unset = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);

const runtimeConfig = z.looseObject({
  User: unset(z.string()),
  ExposedPorts: unset(z.record(z.string(), z.looseObject({}))),
  Env: unset(texts),
  Entrypoint: texts.nullish(),
  Cmd: texts.nullish(),
  Volumes: z.record(z.string(), z.looseObject({})).nullish(),
  WorkingDir: unset(z.string()),
  Labels: z.record(z.string(), z.string()).nullish(),
  StopSignal: unset(z.string()),
  Healthcheck: z
    .looseObject({
      Test: unset(texts),
      Interval: unset(z.number()),
      Timeout: unset(z.number()),
      StartPeriod: unset(z.number()),
      Retries: unset(z.number()),
    })
    .nullish(),
  Shell: unset(texts),
  OnBuild: texts.nullish(),
});

const imageConfig = z.looseObject({
  architecture: z.string(),
  os: z.string(),
  variant: unset(z.string()),
  created: unset(z.string()),
  config: unset(runtimeConfig),
  rootfs: z.looseObject({
    type: z.literal('layers'),
    diff_ids: z.array(digest.transform((text) => text as DiffId)).max(MAX_LAYERS),
  }),
  history: unset(z.array(z.looseObject({ empty_layer: z.boolean().optional() }))),
});

/** Each parser fails with IMAGE_INVALID, naming the document and the first key that is wrong. */
export const parseIndex = (json: Buffer, subject: string): Index => parse(index, json, subject);
export const parseManifest = (json: Buffer, subject: string): Manifest => parse(manifest, json, subject);
export const parseDockerManifest = (json: Buffer, subject: string): DockerManifest =>
  parse(dockerManifest, json, subject);
/** Keys that are not known, at any level, stay as they came. */
export const parseImageConfig = (json: Buffer, subject: string): ImageConfig =>
  withoutUndefined(parse(imageConfig, json, subject)) as ImageConfig;

function parse<T>(schema: z.ZodType<T>, json: Buffer, subject: string): T {
  const result = schema.safeParse(parseJson(json, subject));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`${subject} is not valid: ${issue?.path.join('.') || 'document'}: ${issue?.message}`);
}

function parseJson(json: Buffer, subject: string): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch (error) {
    throw invalid(`${subject} is no JSON`, error);
  }
}

/** Absent keys of typed parts come out as undefined; they must not exist at all. */
function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
