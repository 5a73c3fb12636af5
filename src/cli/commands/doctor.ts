import { EXIT } from '../../errors.ts';
import { COMMON_OPTIONS, ENGINE_OPTIONS, type EngineOptions } from '../build-options.ts';
import type { Console } from '../console.ts';
import type { OptionGroup } from '../option-rows.ts';
import type { CommandSpec } from './spec.ts';

interface DoctorOptions extends EngineOptions {
  readonly installPlugin?: boolean;
}

const PLUGIN: OptionGroup = {
  heading: 'Set up:',
  rows: [{ name: 'install-plugin', kind: 'on', text: 'make it a command of the docker client: docker traceslim' }],
};

/** Those that say where a daemon is. */
const DAEMON: OptionGroup = {
  heading: ENGINE_OPTIONS.heading,
  rows: ENGINE_OPTIONS.rows.filter(({ name }) => !['pull', 'platform'].includes(name)),
};

export const doctor: CommandSpec<DoctorOptions> = {
  name: 'doctor',
  summary: 'say what this computer can do, and why not',
  description:
    'Check the programs, kernel features and rights that are needed, and look for daemons. Exit status 6 when images cannot be built.',
  examples: [
    ['trace-slim doctor', 'every check, and what to do about those that fail'],
    ['trace-slim doctor --install-plugin', 'then also: docker traceslim build nginx'],
  ],
  arguments: [],
  groups: [PLUGIN, DAEMON, COMMON_OPTIONS],
  async run(_operands, console, session) {
    if (console.options.installPlugin) return installPlugin(console, session.env);
    const { readEngineSettings } = await import('../engine-settings.ts');
    const settings = readEngineSettings(console.options);
    const { diagnose } = await session.pipeline();
    const diagnosis = await diagnose(settings, console.context);
    const { formatDiagnosis } = await import('../../report/result-text.ts');
    console.result(diagnosis, (layout) => (console.quiet ? '' : formatDiagnosis(diagnosis, layout)));
    return diagnosis.usable ? EXIT.ok : EXIT.engine;
  },
};

async function installPlugin(console: Console<DoctorOptions>, env: NodeJS.ProcessEnv): Promise<number> {
  const { installDockerPlugin } = await import('../docker-plugin.ts');
  const installed = await installDockerPlugin(env);
  console.result({ installed }, () =>
    console.quiet ? installed : `installed ${installed}\ntry: docker traceslim --help`,
  );
  return EXIT.ok;
}
