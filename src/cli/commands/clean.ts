import { EXIT } from '../../errors.ts';
import { COMMON_OPTIONS, ENGINE_OPTIONS, type EngineOptions } from '../build-options.ts';
import type { OptionGroup } from '../option-rows.ts';
import type { CommandSpec } from './spec.ts';

interface CleanOptions extends EngineOptions {
  readonly cache?: boolean;
}

const CLEAN_SCOPE: OptionGroup = {
  heading: 'What to remove:',
  rows: [{ name: 'cache', kind: 'on', text: 'unpacked layers and other caches too' }],
};

export const clean: CommandSpec<CleanOptions> = {
  name: 'clean',
  summary: 'remove what a killed run has left behind',
  description: `Remove containers, mounts, volumes and folders of runs that have died, on this computer and at its daemons.
Runs that are going on are left alone.`,
  examples: [
    ['trace-slim clean', 'after kill -9 or a power cut'],
    ['trace-slim clean --cache', 'give the disk space back'],
  ],
  arguments: [],
  groups: [CLEAN_SCOPE, ENGINE_OPTIONS, COMMON_OPTIONS],
  async run(_operands, console, session) {
    const { cleanLeftovers } = await session.pipeline();
    const { readEngineSettings } = await import('../engine-settings.ts');
    const settings = { engine: readEngineSettings(console.options), cache: console.options.cache ?? false };
    const report = await cleanLeftovers(settings, console.context);
    const { formatClean } = await import('../../report/result-text.ts');
    console.result(report, () => (console.quiet ? '' : formatClean(report)));
    return EXIT.ok;
  },
};
