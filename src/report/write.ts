import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type ErrorCode, errnoOf, TraceSlimError } from '../errors.ts';
import { latestReportPath } from '../state.ts';
import type { Report } from './report.ts';

const CODE_BY_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
};

/**
 * Writes a report where `explain` finds the newest one and, when given, to `reportPath`. Each file is either the whole
 * report or what it was before. Gives the absolute path to tell the user.
 *
 * @throws DISK_FULL, PERMISSION_DENIED, USAGE_INVALID (no such folder)
 */
export async function saveReport(report: Report, reportPath?: string): Promise<string> {
  const text = `${JSON.stringify(report)}\n`;
  const latest = latestReportPath();
  await mkdir(dirname(latest), { recursive: true });
  await writeReportFile(latest, text);
  if (reportPath === undefined) return latest;
  await writeReportFile(resolve(reportPath), text);
  return resolve(reportPath);
}

/**
 * Writes a file whole or not at all. `option` is what names another one.
 *
 * @throws DISK_FULL, PERMISSION_DENIED, USAGE_INVALID (no such folder)
 */
export async function writeReportFile(path: string, text: string, option = '--report FILE'): Promise<void> {
  try {
    if (await isSpecialFile(path)) return await writeFile(path, text);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await writeFile(temporary, text, { flag: 'wx' });
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    throw new TraceSlimError(CODE_BY_ERRNO[errnoOf(error) ?? ''] ?? 'USAGE_INVALID', `cannot write report ${path}`, {
      hint: `choose another file with ${option}`,
      context: { errno: errnoOf(error) },
      cause: error,
    });
  }
}

/** A pipe or device (`/dev/stdout`) must be written to, not replaced. */
async function isSpecialFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}
