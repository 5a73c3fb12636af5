import type { OpenedImage } from '../engine/types.ts';
import { execProbe } from '../probe/exec.ts';
import type { Probe } from '../probe/types.ts';
import type { ProbeSettings, RunSettings } from '../settings.ts';
import { planRun } from '../trace/plan-run.ts';
import { type RecordOptions, type RunPlan, recordRun } from '../trace/record.ts';
import { askPort } from './ask-port.ts';
import type { Findings, PortFinding } from './findings.ts';

const SURVEY = 'looking around';
const COMMAND_MS = 10_000;
/** What programs tell of themselves without doing anything. */
const HARMLESS = [['--version'], ['--help']];

/**
 * Runs an image and asks its exposed ports what they speak; where it has none, tries what its program tells of itself. An
 * image that does not start is a finding. Errors: those of the engine, COMMAND_NOT_FOUND, USAGE_INVALID.
 */
export async function lookAround(
  image: OpenedImage,
  settings: { readonly run: RunSettings; readonly probes: ProbeSettings },
  options: RecordOptions,
): Promise<Findings> {
  const { plan } = planRun(image, settings);
  const { config } = plan;
  const exposed = [...plan.ready.required, ...plan.ready.optionalPorts].filter(
    (listener) => typeof listener === 'number',
  );
  const otherPorts = Object.keys(config.ExposedPorts ?? {}).filter((key) => /\/(?!tcp$)/i.test(key));
  const known = { source: image.image.source, config, otherPorts };
  const quiet: RunPlan = { ...plan, isTraced: false, hold: async () => {} };
  if (exposed.length === 0) {
    const commands = await tryCommands(image, quiet, options);
    return { ...known, ports: [], closedPorts: [], commands };
  }
  const ports: PortFinding[] = [];
  const run = await recordRun(image, { ...quiet, probes: [portSurvey(exposed, ports)] }, options);
  const trouble = run.failure?.message ?? run.outcomes.find(({ probe, ok }) => probe === SURVEY && !ok)?.summary;
  return {
    ...known,
    ports,
    closedPorts: exposed.filter((port) => !ports.some((finding) => finding.port === port)),
    commands: [],
    ...(trouble !== undefined && { trouble }),
  };
}

/** Asks every open port; what it finds is added to `found`. */
function portSurvey(exposed: readonly number[], found: PortFinding[]): Probe {
  return {
    id: SURVEY,
    kind: 'tcp',
    listeners: [],
    async run(container, { signal }) {
      for (const port of exposed) {
        if (await container.isListening(port)) found.push(await askPort(container, port, signal));
      }
      return [];
    },
  };
}

async function tryCommands(image: OpenedImage, plan: RunPlan, options: RecordOptions): Promise<Findings['commands']> {
  const [program] = plan.command;
  if (program === undefined) return [];
  const commands = HARMLESS.map((words) => [program, ...words]);
  const probes = commands.map((words) =>
    execProbe({
      id: words.join(' '),
      program: { command: () => words },
      trace: (_toolkit, command) => command,
      timeoutMs: COMMAND_MS,
    }),
  );
  const { outcomes } = await recordRun(image, { ...plan, command: [], probes }, options);
  return commands.map((words) => {
    const facts = outcomes.find(({ probe }) => probe === words.join(' '))?.facts ?? [];
    return { words, succeeds: facts.some(({ name, value }) => name === 'exit status' && value === '0') };
  });
}
