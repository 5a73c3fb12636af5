// bench.mjs NAME=ARCHIVE...: builds each image once to warm the caches, then RUNS times on each engine, and prints medians.
// Engines: the built-in one, and Docker where a daemon has an image of the archive's name (docker load).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../bin/trace-slim.js', import.meta.url));
const RUNS = Number(process.env.RUNS ?? 5);
const MEMORY_POLL_MS = 10;
const MEGABYTE = 1e6;
const ENGINES = ['local', 'docker'];

/** A build that did not end well: its own message is all there is to say. */
class BuildFailed extends Error {}

const folder = mkdtempSync(join(tmpdir(), 'trace-slim-bench-'));
try {
  const results = [];
  for (const argument of process.argv.slice(2)) results.push(await measure(...argument.split('=')));
  for (const result of results) print(tableOf(result));
  for (const engine of ENGINES) for (const ratio of ratios(results, engine)) print(`${engine}: ${ratio}`);
} catch (error) {
  if (!(error instanceof BuildFailed)) throw error;
  process.stderr.write(`${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The engines take turns, so that what else the machine does slows both down. */
async function measure(image, archive) {
  const engines = ENGINES.filter((engine) => engine === 'local' || isInDocker(image, archive));
  const runs = Object.fromEntries(engines.map((engine) => [engine, []]));
  for (const engine of engines) await build(image, archive, engine);
  for (let run = 0; run < RUNS; run += 1) {
    for (const engine of engines) runs[engine].push(await build(image, archive, engine));
  }
  return { image, runs };
}

/** Loads the archive into Docker, when there is one. */
function isInDocker(image, archive) {
  const name = `fixture/${image}:latest`;
  const isThere = () => spawnSync('docker', ['image', 'inspect', name]).status === 0;
  return isThere() || (spawnSync('docker', ['load', '-q', '-i', archive]).status === 0 && isThere());
}

/** One run of the program as a user starts it: wall time from start to exit, and its report. */
async function build(image, archive, engine) {
  const reportPath = join(folder, 'report.json');
  const [source, output] =
    engine === 'local'
      ? [`docker-archive:${archive}`, `docker-archive:${join(folder, 'slim.tar')}`]
      : [`fixture/${image}:latest`, `docker-daemon:fixture/${image}.bench`];
  const startedAtMs = performance.now();
  const child = spawn(
    process.execPath,
    [PROGRAM, 'build', source, '--engine', engine, '-o', output, '--report', reportPath],
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
  if (status !== 0) throw new BuildFailed(`build of ${source} by ${engine} ended with ${status}:\n${stderr}`);
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

function tableOf({ image, runs }) {
  const engines = Object.keys(runs);
  const [{ report }] = runs.local;
  const stages = [...new Set(engines.flatMap((engine) => stageTimes(runs[engine][0].report).map(([stage]) => stage)))];
  const row = (name, figure) => [name, ...engines.map((engine) => figure(runs[engine]))];
  const rows = [
    ['', ...engines],
    ...stages.map((stage) => row(stage, (all) => seconds(median(all.map((run) => stageMs(run.report, stage)))))),
    row('wall', (all) => seconds(median(all.map((run) => run.wallMs)))),
    row('peak memory', (all) => megabytes(Math.max(...all.map((run) => run.peakBytes)))),
  ];
  const lines = rows.map(
    ([name, ...values]) => `  ${name.padEnd(12)}${values.map((value) => value.padStart(11)).join('')}`,
  );
  const files = `${report.fat.entries} -> ${report.slim?.entries} paths`;
  const sizes = `${megabytes(report.fat.sizeBytes)} -> ${megabytes(report.slim?.sizeBytes)}`;
  return [`${image}: ${report.status}, ${sizes}, ${files}; medians of ${RUNS}`, ...lines, ''].join('\n');
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

/** How much longer it takes when the image is larger and what is kept is the same. */
function ratios(results, engine) {
  const of = (image, figure) => {
    const runs = results.find((result) => result.image === image)?.runs[engine];
    return runs && median(runs.map(figure));
  };
  const values = { pack: (run) => stageMs(run.report, 'pack'), wall: (run) => run.wallMs };
  return Object.entries(values).flatMap(([name, figure]) => {
    const [small, large] = [of('nginx', figure), of('large', figure)];
    return small && large ? [`${name}, large / nginx: ${(large / small).toFixed(2)}x`] : [];
  });
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
