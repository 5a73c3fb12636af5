import { EXIT } from '../../errors.ts';
import { COMMON_OPTIONS } from '../build-options.ts';
import type { CommandSpec } from './spec.ts';

export const doctor: CommandSpec<object> = {
  name: 'doctor',
  summary: 'say what this computer can do, and why not',
  description:
    'Check the programs, kernel features and rights that are needed. Exit status 6 when images cannot be built.',
  examples: [['trace-slim doctor', 'every check, and what to do about those that fail']],
  arguments: [],
  groups: [COMMON_OPTIONS],
  async run(_operands, console, session) {
    const { diagnose } = await session.pipeline();
    const diagnosis = await diagnose(console.context);
    const { formatDiagnosis } = await import('../../report/result-text.ts');
    console.result(diagnosis, (layout) => (console.quiet ? '' : formatDiagnosis(diagnosis, layout)));
    return diagnosis.usable ? EXIT.ok : EXIT.engine;
  },
};
