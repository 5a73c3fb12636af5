import { creationSeconds } from './build/build-image.ts';
import { notesOnEdits, notesOnOtherConfig } from './build/edit-notes.ts';
import { failedNames } from './build/failed-names.ts';
import { checkDestinations, defaultOutput, defaultTags, NOT_WRITTEN, writeOutputs } from './build/outputs.ts';
import { checkPreservable } from './build/preserve-layers.ts';
import { layoutOf } from './engine/host/state.ts';
import type { OpenedImage } from './engine/types.ts';
import type { Image } from './image/types.ts';
import { includeList } from './keep/include-list.ts';
import type { KeepSet } from './keep/keep-set.ts';
import { resolveLayerIncludes } from './keep/layer-includes.ts';
import { seenThrough } from './keep/mounts.ts';
import { type RunContext, recordOptions } from './pipeline/context.ts';
import { openStage, openStageSources } from './pipeline/open-stage.ts';
import { baseReport, finish, openBaseline, replayFindings } from './pipeline/report-stage.ts';
import { watch } from './pipeline/watch-stage.ts';
import { judgeBudgets } from './report/budgets.ts';
import { excludedGroups, keptPaths, removedGroups, shownFiles, summaryOf } from './report/build-report.ts';
import { permissionEdits } from './report/permission-edits.ts';
import type { Report } from './report/report.ts';
import type { CleanReport, Diagnosis, TraceSummary } from './report/results.ts';
import { readPackages } from './rootfs/packages.ts';
import type {
  BuildSettings,
  CleanSettings,
  EngineSettings,
  PathsSettings,
  StarterSettings,
  TraceSettings,
  VerifySettings,
} from './settings.ts';
import { Stages } from './stages.ts';
import { stateDirectory } from './state.ts';
import { recordTwice } from './trace/scenarios.ts';
import { buildAndHeal } from './verify/heal.ts';
import { replay } from './verify/replay.ts';
import { shownMiss } from './verify/shown-lookup.ts';
import { unverifiedRows } from './verify/verify.ts';

export type { RunContext } from './pipeline/context.ts';

/**
 * The whole job: open, trace, plan, pack, verify and heal, write. A slim image that behaves differently is a result, not an
 * error: the report says `differs` and nothing is written.
 */
export async function buildSlim(settings: BuildSettings, context: RunContext): Promise<Report> {
  const { signal, version } = context;
  const stages = new Stages(context.progress);
  await using sources = await openStageSources(stages, [settings.source], settings, context);
  const { engine, images } = sources;
  const [image] = images as [Image];
  const destinations = settings.outputs.length > 0 ? settings.outputs : [defaultOutput(image.location)];
  if (settings.layers === 'preserve') checkPreservable(image);
  // A destination that cannot be should not be found out after all the work.
  await checkDestinations(destinations, engine.name, engine.store);
  const baseline = await openBaseline(settings.checks);
  await using fat = await openStage(stages, engine, image, signal);
  const packages = readPackages(fat.rootfs);
  // It is awaited last; until then a failure of it is not an unhandled one.
  packages.catch(() => {});
  const { planned, observation, replay: replayPlan } = await watch(fat, settings, stages, context);
  const editNotes = notesOnEdits(fat, settings.edits, settings.run);
  for (const text of editNotes) context.progress({ kind: 'warning', text });
  const createdSeconds = creationSeconds(image.config, process.env.SOURCE_DATE_EPOCH);
  const result = await buildAndHeal({
    engine,
    fat,
    fatRuns: observation.runs,
    observeAgain: () => recordTwice(fat, replayPlan, recordOptions(context, 'verify')),
    trace: observation.trace,
    keepSettings: await resolveLayerIncludes(image, settings.keep, signal),
    config: planned.plan.config,
    replay: replayPlan,
    run: settings.run,
    edits: settings.edits,
    maxRounds: settings.maxRounds,
    layers: settings.layers,
    createdSeconds,
    version,
    verify: settings.verify,
    allowIncomplete: settings.allowIncomplete,
    failOnLogErrors: settings.checks.failOnLogErrors,
    record: recordOptions(context, 'verify', 'slim'),
    stages,
  });
  await using slim = result.slim;
  const slimSummary = summaryOf(image, fat.rootfs, result.keep);
  const budgets = judgeBudgets(settings.checks.budgets, {
    ...{ fat: summaryOf(image, fat.rootfs), slim: slimSummary, rounds: result.rounds, baseline },
    paths: shownFiles(fat.rootfs, result.keep.paths()),
  });
  const isAccepted = (result.isVerified || !settings.verify) && !budgets.some(({ isExceeded }) => isExceeded);
  const wanted = { destinations, tags: settings.tags.length > 0 ? settings.tags : defaultTags(image) };
  const { destinations: written, tags } = isAccepted ? wanted : failedNames(wanted);
  const { outputs, names } =
    isAccepted || settings.checks.keepFailed
      ? await stages.run(
          'write',
          'writing the slim image',
          () =>
            writeOutputs(slim, {
              fat: image,
              destinations: written,
              tags,
              store: engine.store,
              createdSeconds,
              signal,
            }),
          (done) => done.outputs.map((output) => output.destination).join(', '),
        )
      : NOT_WRITTEN;
  const report = await stages.run(
    'report',
    'writing the report',
    async () => ({
      ...baseReport(version, engine, image, fat, observation),
      status: result.isVerified
        ? ('verified' as const)
        : settings.verify
          ? ('differs' as const)
          : ('not-verified' as const),
      slim: {
        ...slimSummary,
        source: outputs[0]?.destination ?? '',
        digest: outputs[0]?.digest ?? '',
        layers: slim.layers.length,
      },
      outputs,
      tags: names,
      budgets,
      probes: result.replay?.probes ?? unverifiedRows(observation.runs[0]),
      rounds: result.rounds,
      ...replayFindings(result.replay),
      kept: keptPaths(fat.rootfs, result.keep),
      removed: removedGroups(fat.rootfs, result.keep, await packages),
      excluded: excludedGroups(result.excluded),
      permissions: permissionEdits(fat.rootfs, slim.permissions),
      warnings: [...planned.notes, ...editNotes, ...result.warnings, ...slim.warnings],
    }),
    () => `${result.keep.size} paths kept`,
  );
  return await finish({ ...report, stages: stages.durations() }, settings.reportPath);
}

/** Runs and probes an image, and writes what was seen to a file. */
export async function traceImage(settings: TraceSettings, context: RunContext): Promise<TraceSummary> {
  const stages = new Stages(context.progress);
  await using sources = await openStageSources(stages, [settings.source], settings, context);
  const { engine, images } = sources;
  const [image] = images as [Image];
  await using fat = await openStage(stages, engine, image, context.signal);
  const { observation } = await watch(fat, settings, stages, context);
  const { trace, runs } = observation;
  const { outcomes } = runs[0];
  const { writeTraceFile } = await import('./trace/trace-file.ts');
  await writeTraceFile(settings.outputPath, {
    source: image.source,
    digest: image.digest,
    tracer: 'strace',
    trace,
    outcomes,
  });
  const { completeness, accesses } = trace;
  return { source: image.source, outputPath: settings.outputPath, accesses: accesses.length, completeness, outcomes };
}

/** Holds two existing images, however the second was made, against each other by the same probes. */
export async function verifyImages(settings: VerifySettings, context: RunContext): Promise<Report> {
  const { signal } = context;
  const stages = new Stages(context.progress);
  const baseline = await openBaseline(settings.checks);
  await using sources = await openStageSources(stages, [settings.fat, settings.slim], settings, context);
  const { engine, images } = sources;
  const [image, slimImage] = images as [Image, Image];
  await using fat = await openStage(stages, engine, image, signal);
  await using slim = await openStage(stages, engine, slimImage, signal);
  const { planned, observation, replay: replayPlan } = await watch(fat, settings, stages, context);
  const startedAt = performance.now();
  const result = await stages.run(
    'verify',
    'replaying the probes on the slim image',
    () =>
      replay(slim, inImage(slim), {
        fat,
        fatRuns: observation.runs,
        observeAgain: () => recordTwice(fat, replayPlan, recordOptions(context, 'verify')),
        trace: observation.trace,
        replay: replayPlan,
        run: settings.run,
        allowIncomplete: settings.allowIncomplete,
        failOnLogErrors: settings.checks.failOnLogErrors,
        record: recordOptions(context, 'verify', 'slim'),
      }),
    ({ probes }) => `${probes.length} outcomes`,
  );
  const durationMs = Math.round(performance.now() - startedAt);
  const misses = result.misses.map((miss) => shownMiss(miss));
  const rounds = [{ round: 1, misses, durationMs, added: { paths: 0, sizeBytes: 0 } }];
  const allPaths = [...slim.rootfs.entries()].map(({ path }) => path);
  const measured = { fat: summaryOf(image, fat.rootfs), rounds, baseline, paths: shownFiles(slim.rootfs, allPaths) };
  const report: Report = {
    ...baseReport(context.version, engine, image, fat, observation),
    status: result.isVerified ? 'verified' : 'differs',
    slim: summaryOf(slimImage, slim.rootfs),
    probes: result.probes,
    rounds,
    ...replayFindings(result),
    budgets: judgeBudgets(settings.checks.budgets, { ...measured, slim: summaryOf(slimImage, slim.rootfs) }),
    stages: stages.durations(),
    warnings: [...planned.notes, ...notesOnOtherConfig(image.config.config, slimImage.config.config)],
  };
  return await finish(report, settings.reportPath);
}

function inImage({ rootfs }: OpenedImage): Pick<KeepSet, 'has'> {
  return { has: (path) => rootfs.get(path) !== undefined };
}

/** A commented probe file to start from: what an image says of itself, and what its ports speak when it runs. */
export async function starterProbes(settings: StarterSettings, context: RunContext): Promise<string> {
  const stages = new Stages(context.progress);
  await using sources = await openStageSources(stages, [settings.source], settings, context);
  const { engine, images } = sources;
  const [image] = images as [Image];
  await using opened = await openStage(stages, engine, image, context.signal);
  const [{ lookAround }, { starterFile }] = await Promise.all([
    import('./init/look-around.ts'),
    import('./init/starter-file.ts'),
  ]);
  const findings = await stages.run(
    'trace',
    'running the image to see what it does',
    () => lookAround(opened, settings, recordOptions(context, 'trace')),
    ({ ports, commands }) => `${ports.length} open ports, ${commands.length} commands tried`,
  );
  return starterFile(findings);
}

/** An include list from traces, or from images that are traced first: one path a line, as `--include-path-file` reads it. */
export async function listPaths(settings: PathsSettings, context: RunContext): Promise<string[]> {
  const { isTraceFile, readTraceFile } = await import('./trace/trace-file.ts');
  const lists: string[][] = [];
  for (const input of settings.inputs) {
    if (await isTraceFile(input)) {
      lists.push(includeList((await readTraceFile(input)).trace));
      continue;
    }
    const stages = new Stages(context.progress);
    await using sources = await openStageSources(stages, [input], settings, context);
    const { engine, images } = sources;
    const [image] = images as [Image];
    await using fat = await openStage(stages, engine, image, context.signal);
    const { observation } = await watch(fat, settings, stages, context);
    lists.push(includeList(observation.trace, seenThrough(fat.rootfs, settings.run.container.mounts)));
  }
  return [...new Set(lists.flat())].sort();
}

/** Removes what runs that died have left: on this host, and at the daemons that can be reached. */
export async function cleanLeftovers(options: CleanSettings, { signal }: RunContext): Promise<CleanReport> {
  const { cleanLocal } = await import('./engine/local/clean.ts');
  const { cleanDaemons } = await import('./engine/docker/clean.ts');
  const local = await cleanLocal(layoutOf(stateDirectory()), options);
  const daemons = await cleanDaemons(options.engine, signal);
  return {
    removed: [...daemons.removed, ...local.removed],
    kept: [...daemons.kept, ...local.kept],
    freedBytes: local.freedBytes,
  };
}

/** What this host can do, and why not: the built-in engine, and the daemons that the settings lead to. */
export async function diagnose(settings: EngineSettings, context: RunContext): Promise<Diagnosis> {
  const [{ diagnoseLocal }, { diagnoseDaemons }] = await Promise.all([
    import('./engine/local/doctor.ts'),
    import('./engine/docker/doctor.ts'),
  ]);
  const [checks, daemons] = await Promise.all([
    diagnoseLocal(stateDirectory(), context),
    diagnoseDaemons(settings, context),
  ]);
  const local = { usable: checks.every(({ ok }) => ok), checks };
  return { usable: local.usable || daemons.some(({ ok }) => ok), local, daemons };
}
