import type { Listener } from '../../engine/types.ts';
import { listenerGiven } from '../kinds/fields.ts';
import { KINDS } from '../kinds/index.ts';
import type { ProbeDocument } from './document.ts';
import type { WrittenItem } from './item.ts';
import { type Located, placeOfPath } from './positions.ts';
import type { ProbeFile, ProbeGroup, ProbeItem, ProbeSet, Scenario } from './probe-file.ts';

type Path = readonly PropertyKey[];
type WrittenSet = Pick<ProbeDocument, 'setup' | 'probes' | 'teardown'>;

interface Reader {
  readonly located: Located;
  readonly defaults: NonNullable<ProbeDocument['defaults']>;
  /** What files named in the probe file are relative to. */
  readonly folder: string;
}

/** A document with its defaults applied, in the form in which it is run. Errors: CONFIG_INVALID for files it names. */
export async function toProbeFile(document: ProbeDocument, located: Located, folder: string): Promise<ProbeFile> {
  const reader: Reader = { located, defaults: document.defaults ?? {}, folder };
  const usual = listenerGiven(reader.defaults);
  const main = document.probes ? await setOf(reader, document, [], usual) : undefined;
  const scenarios = (document.scenarios ?? []).map(async (written, index): Promise<Scenario> => {
    const { name, command, entrypoint, env = {}, user, workdir } = written;
    return {
      ...(await setOf(reader, written, ['scenarios', index], listenerGiven(written) ?? usual)),
      name,
      env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      ...(command && { command }),
      ...(entrypoint && { entrypoint }),
      ...(user && { user }),
      ...(workdir && { workdir }),
    };
  });
  return { path: located.file, main, scenarios: await Promise.all(scenarios) };
}

async function setOf(reader: Reader, written: WrittenSet, path: Path, usual: Listener | undefined): Promise<ProbeSet> {
  const itemsOf = (key: 'setup' | 'teardown') =>
    Promise.all((written[key] ?? []).map((item, index) => itemOf(reader, item, [...path, key, index])));
  const groups = (written.probes ?? []).map((item, index) => groupOf(reader, item, [...path, 'probes', index]));
  return {
    setup: await itemsOf('setup'),
    probes: await Promise.all(groups),
    teardown: await itemsOf('teardown'),
    ...(usual !== undefined && { defaultListener: usual }),
  };
}

async function groupOf(reader: Reader, item: WrittenItem, path: Path): Promise<ProbeGroup> {
  const { sequence, repeat = 1, name } = item;
  if (!sequence) return { repeat, items: [await itemOf(reader, item, path)] };
  const steps = sequence.map((step, index) => itemOf(reader, step, [...path, 'sequence', index]));
  return { repeat, items: await Promise.all(steps), ...(name && { name }) };
}

async function itemOf(reader: Reader, written: WrittenItem, path: Path): Promise<ProbeItem> {
  const given: Readonly<Record<string, unknown>> = written;
  const kind = KINDS.find((known) => given[known.name] !== undefined);
  if (!kind) throw new Error('an item without a kind has passed the schema');
  const spec = given[kind.name];
  const { name, expect, retry = reader.defaults.retry, timeout = reader.defaults.timeout, mask = [] } = written;
  return {
    kind: kind.name,
    spec: kind.load ? await kind.load(spec, reader.folder) : spec,
    retryMs: retry ?? 0,
    masks: mask,
    place: placeOfPath(reader.located, path),
    ...(name && { name }),
    ...(expect && { expect }),
    ...(timeout && { timeoutMs: timeout }),
  };
}
