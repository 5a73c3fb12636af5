import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '../../src/engine/types.ts';
import type { RuntimeConfig } from '../../src/image/types.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import type { ProbeFile } from '../../src/probe/file/probe-file.ts';
import { planProbes } from '../../src/probe/plan.ts';
import type { Outcome, Probe } from '../../src/probe/types.ts';
import { defaultProbes } from './settings.ts';

/** Loads a text as a probe file. It is called `probes.yaml` in messages; `files` lie next to it. */
export async function loadText(
  text: string,
  files: Readonly<Record<string, string | Buffer>> = {},
): Promise<ProbeFile> {
  const folder = await mkdtemp(join(tmpdir(), 'probe-file-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    await writeFile(join(folder, 'probes.yaml'), text);
    return await loadProbeFile(join(folder, 'probes.yaml'));
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(`${folder}/`, '');
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The probes of a file, made for an image whose programs run without a tracer. */
export async function probesOfText(
  text: string,
  config: RuntimeConfig = { ExposedPorts: { '8080/tcp': {} } },
  files: Readonly<Record<string, string | Buffer>> = {},
): Promise<readonly Probe[]> {
  const settings = {
    ...defaultProbes,
    http: { ...defaultProbes.http, enabled: false },
    files: [await loadText(`version: 1\n${text}`, files)],
  };
  const programs = { find: (program: string) => program };
  return planProbes(settings, config, { trace: (_, command) => command, programs }).probes;
}

/** Runs probes one after another in one container. */
export async function runAll(probes: readonly Probe[], container: Container): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const probe of probes) outcomes.push(...(await probe.run(container, { signal: new AbortController().signal })));
  return outcomes;
}
