import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ProbeFile, ProbeItem } from '../probe/file/probe-file.ts';
import type { ProbeOptions } from './build-options.ts';
import { readOptionFile } from './values.ts';

/** `--host-exec` and `--host-exec-file` in the form of a probe file; undefined when neither is given. */
export async function readHostCommands({
  hostExec = [],
  hostExecFile = [],
}: ProbeOptions): Promise<ProbeFile | undefined> {
  if (hostExec.length + hostExecFile.length === 0) return undefined;
  const lines = hostExec.map((line) => itemOf('--host-exec', line));
  const files = await Promise.all(hostExecFile.map(async (path) => itemOf('--host-exec-file', await scriptOf(path))));
  const probes = [...lines, ...files].map((item) => ({ repeat: 1, items: [item] }));
  return { path: 'the command line', main: { setup: [], probes, teardown: [] }, scenarios: [] };
}

function itemOf(place: string, command: string | readonly string[]): ProbeItem {
  const spec = { command, protocol: 'http', stdin: '', env: {} };
  return { kind: 'host-exec', spec, retryMs: 0, masks: [], place };
}

/** A script that may be executed says itself what runs it. */
async function scriptOf(path: string): Promise<string[]> {
  await readOptionFile('--host-exec-file', path);
  const file = resolve(path);
  const isExecutable = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  return isExecutable ? [file] : ['/bin/sh', file];
}
