import { EXIT } from '../../errors.ts';
import { COMMON_OPTIONS } from '../build-options.ts';
import type { OptionGroup } from '../option-rows.ts';
import type { CommandSpec } from './spec.ts';

interface CleanOptions {
  readonly cache?: boolean;
}

const CLEAN_SCOPE: OptionGroup = {
  heading: 'What to remove:',
  rows: [{ name: 'cache', kind: 'on', text: 'unpacked layers and other caches too' }],
};

export const clean: CommandSpec<CleanOptions> = {
  name: 'clean',
  summary: 'remove what a killed run has left behind',
  description: 'Remove containers, mounts and folders of runs that have died. Runs that are going on are left alone.',
  examples: [
    ['trace-slim clean', 'after kill -9 or a power cut'],
    ['trace-slim clean --cache', 'give the disk space back'],
  ],
  arguments: [],
  groups: [CLEAN_SCOPE, COMMON_OPTIONS],
  async run(_operands, console, session) {
    const { cleanLeftovers } = await session.pipeline();
    const report = await cleanLeftovers({ cache: console.options.cache ?? false }, console.context);
    const { formatClean } = await import('../../report/result-text.ts');
    console.result(report, () => (console.quiet ? '' : formatClean(report)));
    return EXIT.ok;
  },
};
