import type { VerifySettings } from '../../settings.ts';
import {
  COMMON_OPTIONS,
  ENGINE_OPTIONS,
  PROBE_OPTIONS,
  type ProbeOptions,
  RUN_OPTIONS,
  type RunOptions,
  TRACE_OPTIONS,
} from '../build-options.ts';
import { CHECK_OPTIONS, type CheckOptions } from '../check-options.ts';
import { CONTAINER_OPTIONS } from '../container-options.ts';
import type { OptionGroup } from '../option-rows.ts';
import { showReport } from '../show-report.ts';
import type { CommandSpec } from './spec.ts';

interface VerifyOptions extends RunOptions, ProbeOptions, CheckOptions {
  readonly report?: string;
}

const VERIFY_RESULT: OptionGroup = {
  heading: 'Output:',
  rows: [{ name: 'report', kind: 'value', value: 'file', text: 'also write the report here' }],
};

export const verify: CommandSpec<VerifyOptions> = {
  name: 'verify',
  summary: 'compare how two images answer the same probes',
  description: 'Run the same probes on two images and compare the answers. Exit status 4 when they differ.',
  examples: [
    ['trace-slim verify nginx.tar nginx.slim.tar', 'GET / on every exposed port of both'],
    ["trace-slim verify tool.tar other.tar --exec 'tool --help'", 'images made by any program'],
  ],
  arguments: [
    ['<fat>', 'the image that is right'],
    ['<slim>', 'the image in question'],
  ],
  groups: [
    VERIFY_RESULT,
    CHECK_OPTIONS,
    PROBE_OPTIONS,
    RUN_OPTIONS,
    CONTAINER_OPTIONS,
    ENGINE_OPTIONS,
    TRACE_OPTIONS,
    COMMON_OPTIONS,
  ],
  acceptsSlimFlags: true,
  async run([fat = '', slim = ''], console, session) {
    const { options } = console;
    const { readCheckSettings, readEngineSettings, readProbeSettings, readRunSettings, readReportPath } = await import(
      '../build-settings.ts'
    );
    const reportPath = readReportPath(options.report);
    const settings: VerifySettings = {
      fat,
      slim,
      engine: readEngineSettings(options),
      run: await readRunSettings(options, session.env),
      probes: await readProbeSettings(options, console.notice),
      allowIncomplete: options.allowIncompleteTrace ?? false,
      checks: readCheckSettings(options),
      ...(reportPath === undefined ? {} : { reportPath }),
    };
    const { verifyImages } = await session.pipeline();
    const shown = { source: fat, reportPath, junit: options.junit };
    return showReport((context) => verifyImages(settings, context), shown, console, session);
  },
};
