// bench.mjs NAME=ARCHIVE...: builds each image once to warm the caches, then RUNS times, and prints medians.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../bin/trace-slim.js', import.meta.url));
const RUNS = Number(process.env.RUNS ?? 5);
const MEMORY_POLL_MS = 10;
const MEGABYTE = 1e6;

/** A build that did not end well: its own message is all there is to say. */
class BuildFailed extends Error {}

const folder = mkdtempSync(join(tmpdir(), 'trace-slim-bench-'));
try {
  const results = [];
  for (const argument of process.argv.slice(2)) results.push(await measure(...argument.split('=')));
  for (const result of results) print(tableOf(result));
  const ratio = packRatio(results);
  if (ratio) print(ratio);
} catch (error) {
  if (!(error instanceof BuildFailed)) throw error;
  process.stderr.write(`${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(image, archive) {
  await build(archive);
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await build(archive));
  return { image, runs, report: runs.at(-1).report };
}

/** One run of the program as a user starts it: wall time from start to exit, and its report. */
async function build(archive) {
  const reportPath = join(folder, 'report.json');
  const output = `docker-archive:${join(folder, 'slim.tar')}`;
  const startedAtMs = performance.now();
  const child = spawn(
    process.execPath,
    [PROGRAM, 'build', `docker-archive:${archive}`, '-o', output, '--report', reportPath],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const peak = watchMemory(child.pid);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  const wallMs = performance.now() - startedAtMs;
  if (status !== 0) throw new BuildFailed(`build of ${archive} ended with ${status}:\n${stderr}`);
  return { wallMs, peakBytes: peak(), report: JSON.parse(readFileSync(reportPath, 'utf8')) };
}

/** Reads the kernel's high-water mark of a process until it is asked; the mark never falls, so the last reading counts. */
function watchMemory(pid) {
  let peakBytes = 0;
  const timer = setInterval(() => {
    try {
      const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
      peakBytes = Math.max(peakBytes, Number(kilobytes) * 1024);
    } catch {
      // The process has ended.
    }
  }, MEMORY_POLL_MS);
  return () => {
    clearInterval(timer);
    return peakBytes;
  };
}

function tableOf({ image, runs, report }) {
  const stages = stageTimes(report).map(([stage]) => [
    stage,
    seconds(median(runs.map((run) => stageMs(run.report, stage)))),
  ]);
  const files = `${report.fat.entries} -> ${report.slim?.entries} paths`;
  const sizes = `${megabytes(report.fat.sizeBytes)} -> ${megabytes(report.slim?.sizeBytes)}`;
  const rows = [
    ...stages,
    ['wall', seconds(median(runs.map((run) => run.wallMs)))],
    ['peak memory', megabytes(Math.max(...runs.map((run) => run.peakBytes)))],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(12)} ${value.padStart(10)}`);
  return [`${image}: ${report.status}, ${sizes}, ${files}; medians of ${runs.length}`, ...lines, ''].join('\n');
}

/** A stage may run more than once (heal rounds): its durations are summed. */
function stageTimes(report) {
  const sums = new Map();
  for (const { stage, durationMs } of report.stages) sums.set(stage, (sums.get(stage) ?? 0) + durationMs);
  return [...sums];
}

function stageMs(report, wanted) {
  return stageTimes(report).find(([stage]) => stage === wanted)?.[1] ?? 0;
}

/** How much longer packing takes when the image is larger and what is kept is the same. */
function packRatio(results) {
  const packMs = (image) => {
    const runs = results.find((result) => result.image === image)?.runs;
    return runs && median(runs.map((run) => stageMs(run.report, 'pack')));
  };
  const [small, large] = [packMs('nginx'), packMs('large')];
  return small && large ? `pack, large / nginx: ${(large / small).toFixed(2)}x` : '';
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}

function megabytes(bytes = 0) {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
