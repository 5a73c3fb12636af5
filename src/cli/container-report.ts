import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf, TraceSlimError } from '../errors.ts';

/** Theirs are about half a kilobyte a file. */
const MAX_REPORT_BYTES = 512 * 1024 * 1024;

const containerReport = z.object({ image: z.object({ files: z.array(z.object({ file_path: z.string() })) }) });

/**
 * The paths that a `creport.json` of SlimToolkit says were kept. Errors: CONFIG_INVALID.
 * Source: slimtoolkit/slim, pkg/report/container_report.go.
 */
export async function readContainerReport(file: string): Promise<string[]> {
  const parsed = containerReport.safeParse(await readDocument(file));
  if (!parsed.success) throw invalid(file, 'it has no list image.files with a file_path each');
  return parsed.data.image.files.map(({ file_path }) => file_path).filter((path) => path.startsWith('/'));
}

async function readDocument(file: string): Promise<unknown> {
  try {
    if ((await stat(file)).size > MAX_REPORT_BYTES) throw invalid(file, 'it is larger than 512 MiB');
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof TraceSlimError) throw error;
    throw invalid(file, error instanceof SyntaxError ? 'it is not JSON' : (errnoOf(error) ?? String(error)), error);
  }
}

function invalid(file: string, why: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `the report ${file} is not usable: ${why}`, {
    hint: 'Name the creport.json that SlimToolkit has left in its state folder or with --copy-meta-artifacts.',
    cause,
  });
}
