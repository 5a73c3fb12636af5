import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunContext } from '../../src/pipeline.ts';
import type { ProgressEvent } from '../../src/progress.ts';

/** A context that collects progress events. */
export function testContext(): RunContext & { readonly events: ProgressEvent[] } {
  const events: ProgressEvent[] = [];
  return {
    events,
    signal: new AbortController().signal,
    progress: (event) => void events.push(event),
    version: '0.0.0-test',
  };
}

/** A temporary folder that goes away with its scope. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'trace-slim-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What the engine may leave on this host: mounts, cgroups, run folders. All empty when it has cleaned up. */
export function leftovers(stateDirectory: string): { mounts: string[]; cgroups: string[]; runs: string[] } {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${stateDirectory}/runs`));
  const cgroups = cgroupsOfRuns().filter((name) => !earlierCgroups.includes(name));
  return { mounts, cgroups, runs: readNames(join(stateDirectory, 'runs')) };
}

/** Those of other people's runs on this host. */
const earlierCgroups = cgroupsOfRuns();

function cgroupsOfRuns(): string[] {
  const controllers = readNames('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name));
  return ['/sys/fs/cgroup', ...controllers].flatMap((folder) =>
    readNames(folder).filter((name) => name.startsWith('trace-slim')),
  );
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
