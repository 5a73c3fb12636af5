import { existsSync } from 'node:fs';
import type { RunSettings } from '../settings.ts';
import type { RunOptions } from './build-options.ts';
import { readContainerSettings } from './container-settings.ts';
import { parseWords } from './shell-words.ts';
import { invalid, parseDuration, parsePorts, readOptionFile } from './values.ts';

/**
 * How the image is to be run. As with `docker run`, an entrypoint without a command drops the image's CMD, and
 * `--env NAME` takes the value from `env`.
 */
export async function readRunSettings(options: RunOptions, env: NodeJS.ProcessEnv): Promise<RunSettings> {
  return {
    config: readConfig(options),
    env: await readEnvironment(
      { files: (options.envFile ?? []).map((path) => ({ path, required: true })), entries: options.env ?? [] },
      env,
    ),
    container: readContainerSettings(options),
    ...readTracing(options),
  };
}

function readTracing({ tracer, stopTimeout }: RunOptions): Pick<RunSettings, 'tracer' | 'stopTimeoutMs'> {
  return {
    ...(tracer === 'auto' || tracer === 'wrap' || tracer === 'attach' ? { tracer } : {}),
    ...(stopTimeout === undefined ? {} : { stopTimeoutMs: parseDuration('--stop-timeout', stopTimeout) }),
  };
}

function readConfig(options: RunOptions): RunSettings['config'] {
  const config: RunSettings['config'] = {};
  if (options.entrypoint !== undefined) {
    config.Entrypoint = parseWords('--entrypoint', options.entrypoint);
    config.Cmd = null;
  }
  if (options.cmd !== undefined) config.Cmd = parseWords('--cmd', options.cmd);
  if (options.user !== undefined) config.User = options.user;
  if (options.workdir !== undefined) config.WorkingDir = options.workdir;
  if (options.expose !== undefined) {
    config.ExposedPorts = Object.fromEntries(
      parsePorts('--expose', options.expose).map((port): [string, object] => [`${port}/tcp`, {}]),
    );
  }
  if (options.healthCmd !== undefined) config.Healthcheck = { Test: ['CMD-SHELL', options.healthCmd] };
  return config;
}

/**
 * `NAME=value` from files of lines and from entries; the value of a lone name is that in `env`.
 *
 * @throws USAGE_INVALID
 */
export async function readEnvironment(
  { files, entries }: { files: readonly { path: string; required: boolean }[]; entries: readonly string[] },
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const all: string[] = [];
  for (const { path } of files.filter(({ path, required }) => required || existsSync(path))) {
    const lines = (await readOptionFile('--env-file', path)).toString('utf8').split(/\r?\n/);
    all.push(...lines.map((line) => line.trimStart()).filter((line) => line !== '' && !line.startsWith('#')));
  }
  all.push(...entries);
  return all.flatMap((entry) => resolveEntry(entry, env));
}

function resolveEntry(entry: string, env: NodeJS.ProcessEnv): string[] {
  if (entry.startsWith('=') || entry === '') throw invalid('--env', entry, 'use NAME=value');
  if (entry.includes('=')) return [entry];
  const value = env[entry];
  return value === undefined ? [] : [`${entry}=${value}`];
}
