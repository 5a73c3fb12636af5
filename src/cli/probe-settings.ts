import type { ProbeFile } from '../probe/file/probe-file.ts';
import type { HttpCommand, HttpProbeSettings, ProbeSettings, ScriptFile } from '../settings.ts';
import { readApiSpecs } from './api-specs.ts';
import type { ProbeOptions } from './build-options.ts';
import { parseContinueAfter } from './continue-after.ts';
import { readHostCommands } from './host-commands.ts';
import { invalid, parseCount, parseDuration, parsePorts, readOptionFile } from './values.ts';

const READY_TIMEOUT = '60s';
const REQUEST_TIMEOUT = '30s';
const CRAWL_DEPTH = '3';
const CRAWL_PAGES = '1000';
const CRAWL_TIME = '60s';

/** Called with what a user should know about the options given. */
export type Notice = (text: string) => void;

/** What exercises the image. Files that options name are read here. */
export async function readProbeSettings(options: ProbeOptions, notice: Notice): Promise<ProbeSettings> {
  const readyTimeoutMs = parseDuration('--ready-timeout', options.readyTimeout ?? READY_TIMEOUT);
  return {
    exec: options.exec ?? [],
    execFiles: await Promise.all((options.execFile ?? []).map(readScript)),
    files: [...(await readProbeFiles(options)), ...(await readApiSpecs(options))],
    http: await readHttpSettings(options, notice),
    healthcheck: options.healthcheck ?? true,
    continueAfter: parseContinueAfter(options.continueAfter ?? 'probe&exec'),
    allowFailing: options.allowFailingProbes ?? false,
    ...(options.mask === undefined ? {} : { masks: await readMasks(options.mask) }),
    ...(options.repeat === undefined ? {} : { repeat: parseCount('--repeat', options.repeat, 0) }),
    ready: {
      timeoutMs: readyTimeoutMs,
      ...(options.httpProbeStartWait === undefined
        ? {}
        : { waitMs: parseDuration('--http-probe-start-wait', options.httpProbeStartWait) }),
      ...(options.readyCmd === undefined ? {} : { command: options.readyCmd }),
      healthcheck: options.readyHealthcheck ?? false,
      ports: parsePorts('--ready-port', options.readyPort ?? []),
    },
  };
}

async function readScript(path: string): Promise<ScriptFile> {
  return { path, content: await readOptionFile('--exec-file', path) };
}

async function readProbeFiles(options: ProbeOptions): Promise<ProbeFile[]> {
  const { probe = [] } = options;
  const host = await readHostCommands(options);
  if (probe.length === 0) return host ? [host] : [];
  const { loadProbeFile } = await import('../probe/file/load.ts');
  const files = await Promise.all(probe.map((path) => loadProbeFile(path)));
  return host ? [...files, host] : files;
}

async function readMasks(masks: readonly string[]): Promise<readonly string[]> {
  const { isMask, MASK_FORMS } = await import('../probe/masks.ts');
  const wrong = masks.find((mask) => !isMask(mask));
  if (wrong !== undefined) throw invalid('--mask', wrong, MASK_FORMS);
  return masks;
}

async function readHttpSettings(options: ProbeOptions, notice: Notice): Promise<HttpProbeSettings> {
  const commands = await readHttpCommands(options);
  // A probe file says itself what is asked for.
  const isWanted = options.httpProbe ?? (options.probe === undefined || commands.length > 0);
  const enabled = isWanted && !options.httpProbeOff;
  if (!enabled && commands.length > 0) notice('--http-probe-cmd is not used because HTTP probes are switched off');
  return {
    enabled,
    commands: enabled ? commands : [],
    crawl: options.httpProbeCrawl ?? true,
    crawlMaxDepth: parseCount('--http-crawl-max-depth', options.httpCrawlMaxDepth ?? CRAWL_DEPTH, 0),
    crawlMaxPages: parseCount('--http-crawl-max-page-count', options.httpCrawlMaxPageCount ?? CRAWL_PAGES, 1),
    crawlMaxTimeMs: parseDuration('--http-crawl-max-time', options.httpCrawlMaxTime ?? CRAWL_TIME),
    ports: parsePorts('--http-probe-ports', options.httpProbePorts ?? []),
    timeoutMs: parseDuration('--http-probe-client-timeout', options.httpProbeClientTimeout ?? REQUEST_TIMEOUT),
  };
}

async function readHttpCommands(options: ProbeOptions): Promise<HttpCommand[]> {
  const { httpProbeCmd = [], httpProbeCmdFile = [] } = options;
  if (httpProbeCmd.length + httpProbeCmdFile.length === 0) return [];
  const { loadHttpCommandFile, parseHttpCommand } = await import('../probe/slim-file.ts');
  const files = await Promise.all(httpProbeCmdFile.map((path) => loadHttpCommandFile(path)));
  return [...httpProbeCmd.map((text) => parseHttpCommand(text)), ...files.flat()];
}
