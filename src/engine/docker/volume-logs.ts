import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Container } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { hostLogs, type LogFolder } from '../host/log-folder.ts';
import type { ToolkitPaths } from '../types.ts';
import { asked, nothingWhenRefused } from './api/errors.ts';
import { runExec } from './exec.ts';

export interface VolumeLogsOptions {
  readonly container: Container;
  readonly toolkit: ToolkitPaths;
  /** Folder of this host for files of this container. */
  readonly directory: string;
  isRunning(): boolean;
}

const LIST_MS = 30_000;
/** Of all files: the container's processes could leave some without end, at no cost where they have holes. */
const MAX_BYTES = 16 * 1024 ** 3;
const MAX_FILES = 100_000;

/** Logs in a volume of a daemon: listed by a command in the container while it runs, fetched in one go once it has ended. */
export function volumeLogs(options: VolumeLogsOptions): LogFolder {
  let fetched: Promise<LogFolder> | undefined;
  const onHost = () => {
    fetched ??= fetch(options);
    return fetched;
  };
  const sizes = async () => new Map(options.isRunning() ? await list(options).catch(nothingWhenRefused) : []);
  return {
    names: async () => (options.isRunning() ? [...(await sizes()).keys()].sort() : (await onHost()).names()),
    size: async (name) => (options.isRunning() ? ((await sizes()).get(name) ?? 0) : (await onHost()).size(name)),
    open(name) {
      const output = new PassThrough();
      onHost().then(
        (logs) => pipeline(logs.open(name), output).catch(() => {}),
        (error: Error) => output.destroy(error),
      );
      return output;
    },
  };
}

async function list({ container, toolkit }: VolumeLogsOptions): Promise<[string, number][]> {
  const find = ['-maxdepth', '1', '-type', 'f', '-name', '[!.]*', '-printf', String.raw`%s %f\0`];
  const command = [...toolkit.launcher, `${toolkit.bin}/find`, toolkit.logs, ...find];
  const { stdout } = await runExec(container, { command, user: '0' }, { signal: AbortSignal.timeout(LIST_MS) });
  const records = stdout.toString('latin1').split('\0').filter(Boolean);
  return records.map((record) => [record.slice(record.indexOf(' ') + 1), Number.parseInt(record, 10)]);
}

/** Regular files of the folder only: the container's processes could have put anything there. */
async function fetch({ container, toolkit, directory }: VolumeLogsOptions): Promise<LogFolder> {
  const folder = join(directory, 'logs');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const archive = await asked(container.getArchive({ path: toolkit.logs }), 'fetching the trace logs');
  const { extract } = await import('tar-stream');
  const entries = extract();
  const received = pipeline(archive as unknown as Readable, entries);
  received.catch(() => {});
  let [bytes, count] = [0, 0];
  try {
    for await (const entry of entries) {
      // Podman leaves the name of the folder out.
      const [, name] = /^(?:\.?\/)?(?:[^/]+\/)?(\w[\w.-]*)$/.exec(entry.header.name) ?? [];
      bytes += entry.header.size ?? 0;
      count += 1;
      if (bytes > MAX_BYTES || count > MAX_FILES) throw new Error(`${count} files of ${bytes} bytes or more`);
      if (entry.header.type === 'file' && name) await pipeline(entry, createWriteStream(join(folder, name)));
      else entry.resume();
    }
    await received;
  } catch (cause) {
    throw new TraceSlimError('TRACE_INCOMPLETE', 'the trace logs could not be fetched from the daemon', { cause });
  }
  return hostLogs(folder);
}
