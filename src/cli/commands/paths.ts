import { EXIT } from '../../errors.ts';
import {
  COMMON_OPTIONS,
  ENGINE_OPTIONS,
  PROBE_OPTIONS,
  type ProbeOptions,
  RUN_OPTIONS,
  type RunOptions,
  TRACE_OPTIONS,
} from '../build-options.ts';
import { CONTAINER_OPTIONS } from '../container-options.ts';
import type { CommandSpec } from './spec.ts';

export const paths: CommandSpec<RunOptions & ProbeOptions> = {
  name: 'paths',
  summary: 'print an include list from traces or images',
  description: 'Print what was used, one path a line, as --include-path-file reads it. Several inputs are merged.',
  examples: [
    ['trace-slim paths monday.jsonl tuesday.jsonl > paths.txt', 'merge two traces'],
    ["trace-slim paths tool.tar --exec 'tool --version' > paths.txt", 'trace an image first'],
  ],
  arguments: [['<input...>', 'trace files, or images as for build']],
  groups: [PROBE_OPTIONS, RUN_OPTIONS, CONTAINER_OPTIONS, ENGINE_OPTIONS, TRACE_OPTIONS, COMMON_OPTIONS],
  acceptsSlimFlags: true,
  async run(operands, console, session) {
    const { options } = console;
    const { readEngineSettings, readProbeSettings, readRunSettings } = await import('../build-settings.ts');
    const settings = {
      inputs: operands.filter((input) => input !== undefined),
      engine: readEngineSettings(options),
      run: await readRunSettings(options, session.env),
      probes: await readProbeSettings(options, console.notice),
      allowIncomplete: options.allowIncompleteTrace ?? false,
    };
    const { listPaths } = await session.pipeline();
    const lines = await listPaths(settings, console.context);
    console.result({ schemaVersion: 1, paths: lines }, () => lines.join('\n'));
    return EXIT.ok;
  },
};
