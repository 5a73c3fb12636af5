import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import { probeDocument } from './document.ts';
import { toProbeFile } from './flatten.ts';
import { dataOf, type Located, placeOfOffset } from './positions.ts';
import type { ProbeFile } from './probe-file.ts';
import { problemsOf } from './problems.ts';

const MAX_BYTES = 4 * 1024 * 1024;

/** Reads a probe file (YAML). Errors: CONFIG_INVALID with every problem and its `FILE:LINE:COLUMN`. */
export async function loadProbeFile(file: string): Promise<ProbeFile> {
  const located = parse(file, await readText(file));
  const parsed = probeDocument.safeParse(data(located));
  if (!parsed.success) throw invalid(file, problemsOf(parsed.error.issues, located));
  return toProbeFile(parsed.data, located, dirname(file));
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8');
  } catch (error) {
    throw invalid(file, [`${file}: cannot be read (${errnoOf(error) ?? 'unknown error'})`], error);
  }
  throw invalid(file, [`${file}: is larger than ${MAX_BYTES / 1024 / 1024} MiB`]);
}

function parse(file: string, text: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const located = { file, document, lines };
  const problems = document.errors.map(({ pos, message }) => `${placeOfOffset(located, pos[0])}: ${message}`);
  if (problems.length > 0) throw invalid(file, problems);
  return located;
}

function data(located: Located): unknown {
  try {
    return dataOf(located);
  } catch (error) {
    throw invalid(located.file, [`${located.file}: ${error instanceof Error ? error.message : 'not YAML'}`], error);
  }
}

const MAX_PROBLEMS = 50;

function invalid(file: string, problems: readonly string[], cause?: unknown): TraceSlimError {
  const shown = problems.slice(0, MAX_PROBLEMS).map((problem) => `\n  ${problem}`);
  return new TraceSlimError('CONFIG_INVALID', `the probe file ${file} is not usable:${shown.join('')}`, {
    hint: 'probes/README.md explains what can stand in a probe file; editors know it from schema/probes.schema.json.',
    context: { problems },
    cause,
  });
}
