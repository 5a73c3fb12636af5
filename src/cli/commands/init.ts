import { EXIT, errnoOf, TraceSlimError } from '../../errors.ts';
import { COMMON_OPTIONS, ENGINE_OPTIONS, RUN_OPTIONS, type RunOptions } from '../build-options.ts';
import { CONTAINER_OPTIONS } from '../container-options.ts';
import type { OptionGroup } from '../option-rows.ts';
import type { CommandSpec } from './spec.ts';

interface InitOptions extends RunOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly readyTimeout?: string;
}

const INIT_OUTPUT: OptionGroup = {
  heading: 'Output:',
  rows: [
    { name: 'output', short: 'o', kind: 'value', value: 'file', text: 'instead of stdout' },
    { name: 'force', kind: 'on', text: 'overwrite the file' },
    { name: 'ready-timeout', kind: 'value', value: 'time', text: 'how long the application may take to start (60s)' },
  ],
};

export const init: CommandSpec<InitOptions> = {
  name: 'init',
  summary: 'write a probe file to start from',
  description:
    'Run an image, look at what it says of itself and what its ports speak, and write a commented probe file for it.',
  examples: [
    ['trace-slim init nginx.tar', 'print the probe file'],
    ['trace-slim init nginx.tar -o probes.yaml', 'then: trace-slim build nginx.tar --probe probes.yaml'],
  ],
  arguments: [['<source>', 'an image name, docker-archive:FILE, oci:DIR, oci-archive:FILE, rootfs:DIR or a bare path']],
  groups: [INIT_OUTPUT, RUN_OPTIONS, CONTAINER_OPTIONS, ENGINE_OPTIONS, COMMON_OPTIONS],
  async run([source = ''], console, session) {
    const { options } = console;
    const { output, force = false, readyTimeout } = options;
    if (output !== undefined && !force) await checkFree(output);
    const { readEngineSettings, readProbeSettings, readRunSettings } = await import('../build-settings.ts');
    const { starterProbes } = await session.pipeline();
    const settings = {
      source,
      engine: readEngineSettings(options),
      run: await readRunSettings(options, session.env),
      probes: await readProbeSettings({ ...(readyTimeout !== undefined && { readyTimeout }) }, console.notice),
    };
    const text = await starterProbes(settings, console.context);
    if (output !== undefined) await write(output, text, force);
    console.result({ schemaVersion: 1, probes: text, outputPath: output ?? null }, () => output ?? text.trimEnd());
    return EXIT.ok;
  },
};

/** What cannot be written should not be found out after the image has run. */
async function checkFree(file: string): Promise<void> {
  const { access } = await import('node:fs/promises');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw inTheWay(file);
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') throw inTheWay(file);
    throw new TraceSlimError('USAGE_INVALID', `cannot write ${file} (${errnoOf(cause) ?? 'unknown error'})`, {
      hint: 'Name a file in a folder that is there and can be written to.',
      cause,
    });
  }
}

function inTheWay(file: string): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', `${file} is already there`, {
    hint: 'Name another file with -o, or overwrite it with --force.',
  });
}
