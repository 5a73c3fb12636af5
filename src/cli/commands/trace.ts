import { EXIT } from '../../errors.ts';
import type { TraceSettings } from '../../settings.ts';
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
import type { OptionGroup } from '../option-rows.ts';
import type { CommandSpec } from './spec.ts';

interface TraceOptions extends RunOptions, ProbeOptions {
  readonly target?: string;
  readonly output?: string;
}

const DEFAULT_OUTPUT = 'trace.jsonl';

const TRACE_RESULT: OptionGroup = {
  heading: 'Input and output:',
  rows: [
    { name: 'target', kind: 'value', value: 'source', text: 'the image, when not given as argument', rare: true },
    { name: 'output', short: 'o', kind: 'value', value: 'file', text: `the trace, as JSON Lines (${DEFAULT_OUTPUT})` },
  ],
};

export const trace: CommandSpec<TraceOptions> = {
  name: 'trace',
  summary: 'run an image and write down what it uses',
  description: 'Run an image under the tracer while probes exercise it, and write every file it used to a file.',
  examples: [
    ['trace-slim trace nginx.tar -o nginx.jsonl', 'the start and GET / on every exposed port'],
    ["trace-slim trace tool.tar --exec 'tool --version' -o tool.jsonl", 'a command'],
  ],
  arguments: [['[source]', 'an image name, docker-archive:FILE, oci:DIR, oci-archive:FILE, rootfs:DIR or a bare path']],
  groups: [TRACE_RESULT, PROBE_OPTIONS, RUN_OPTIONS, CONTAINER_OPTIONS, ENGINE_OPTIONS, TRACE_OPTIONS, COMMON_OPTIONS],
  acceptsSlimFlags: true,
  async run([source], console, session) {
    const { options } = console;
    const { readEngineSettings, readProbeSettings, readRunSettings, readSource } = await import('../build-settings.ts');
    const settings: TraceSettings = {
      source: readSource(source, options.target),
      engine: readEngineSettings(options),
      run: await readRunSettings(options, session.env),
      probes: await readProbeSettings(options, console.notice),
      allowIncomplete: options.allowIncompleteTrace ?? false,
      outputPath: options.output ?? DEFAULT_OUTPUT,
    };
    const { traceImage } = await session.pipeline();
    const summary = await traceImage(settings, console.context);
    const { formatTrace } = await import('../../report/result-text.ts');
    console.result(summary, (layout) => (console.quiet ? summary.outputPath : formatTrace(summary, layout)));
    return EXIT.ok;
  },
};
