import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dockerConfigDirectory } from '../engine/docker/api/client-files.ts';
import { errnoOf, TraceSlimError } from '../errors.ts';

/** The docker client allows no hyphen in the name of a command. */
const COMMAND = 'traceslim';

/**
 * Puts a program into the docker client's folder of plugins that runs this very one. Gives its path. Errors:
 * PERMISSION_DENIED.
 */
export async function installDockerPlugin(env: NodeJS.ProcessEnv, home = homedir()): Promise<string> {
  const path = join(dockerConfigDirectory({ env, home }), 'cli-plugins', `docker-${COMMAND}`);
  const program = fileURLToPath(new URL('../../bin/docker-traceslim.js', import.meta.url));
  const script = `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(program)} "$@"\n`;
  try {
    await mkdir(dirname(path), { recursive: true });
    // One that runs at this moment keeps its own.
    await writeFile(`${path}.new`, script);
    await chmod(`${path}.new`, 0o755);
    await rename(`${path}.new`, path);
  } catch (cause) {
    throw new TraceSlimError('PERMISSION_DENIED', `${path} cannot be written: ${errnoOf(cause) ?? cause}`, {
      hint: 'Name another folder of the docker client in DOCKER_CONFIG.',
      cause,
    });
  }
  return path;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** What the docker client asks every plugin when it lists its commands: schema 0.1.0. */
export function pluginMetadata(version: string): string {
  return JSON.stringify({
    SchemaVersion: '0.1.0',
    Vendor: 'trace-slim',
    Version: version,
    ShortDescription: 'Make container images small by watching what they use',
  });
}

/** Options of the docker client that may stand before the command, and the variables that say the same here. */
const LEADING: readonly { names: readonly string[]; variable?: string; takes: 'value' | 'folder' | 'nothing' }[] = [
  { names: ['-H', '--host'], variable: 'DOCKER_HOST', takes: 'value' },
  { names: ['-c', '--context'], variable: 'DOCKER_CONTEXT', takes: 'value' },
  { names: ['--config'], variable: 'DOCKER_CONFIG', takes: 'value' },
  { names: ['--tls'], variable: 'DOCKER_TLS', takes: 'nothing' },
  { names: ['--tlsverify'], variable: 'DOCKER_TLS_VERIFY', takes: 'nothing' },
  { names: ['--tlscacert', '--tlscert', '--tlskey'], variable: 'DOCKER_CERT_PATH', takes: 'folder' },
  { names: ['-l', '--log-level'], takes: 'value' },
  { names: ['-D', '--debug'], takes: 'nothing' },
];

/**
 * The command line of the docker client, `[options] traceslim [ours...]`, as ours, and what its own options mean as
 * variables.
 */
export function pluginArguments(argv: readonly string[]): { words: string[]; env: Record<string, string> } {
  const env: Record<string, string> = {};
  const words = [...argv];
  while (words[0]?.startsWith('-')) {
    const [name = '', glued] = (words.shift() as string).split(/=(.*)/s);
    const row = LEADING.find(({ names }) => names.includes(name));
    if (!row) break;
    const value = row.takes === 'nothing' ? '1' : (glued ?? words.shift() ?? '');
    if (row.variable) env[row.variable] = row.takes === 'folder' ? dirname(value) : value;
  }
  return words[0] === COMMAND ? { words: words.slice(1), env } : { words: [...argv], env: {} };
}
