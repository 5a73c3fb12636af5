import {
  type BuildSettings,
  type ConfigEdits,
  type EngineSettings,
  PLAIN_CHECKS,
  PLAIN_CONTAINER,
  type ProbeSettings,
  type RunSettings,
} from '../../src/settings.ts';

/** The slim image's configuration is the fat one's. */
export const NO_EDITS: ConfigEdits = {
  overrides: [],
  set: {},
  addEnv: [],
  addLabels: {},
  addPorts: [],
  addVolumes: [],
  removeEnv: [],
  removeLabels: [],
  removePorts: [],
  removeVolumes: [],
};

export const plainRun: RunSettings = { config: {}, env: [], container: PLAIN_CONTAINER };

export const localEngine: EngineSettings = { engine: 'local', pull: 'never' };

export const defaultProbes: ProbeSettings = {
  exec: [],
  execFiles: [],
  http: {
    enabled: true,
    commands: [],
    crawl: true,
    crawlMaxDepth: 3,
    crawlMaxPages: 1000,
    crawlMaxTimeMs: 60_000,
    ports: [],
    timeoutMs: 30_000,
  },
  healthcheck: true,
  continueAfter: ['probe'],
  allowFailing: false,
  ready: { timeoutMs: 60_000, healthcheck: false, ports: [] },
};

/** Settings as the command line makes them when nothing but an image and an output is named. */
export function buildSettings(source: string, output: string, changes: Partial<BuildSettings> = {}): BuildSettings {
  return {
    source,
    engine: localEngine,
    outputs: [output],
    tags: [],
    layers: 'single',
    edits: NO_EDITS,
    run: plainRun,
    probes: defaultProbes,
    keep: { includes: [], excludes: [] },
    verify: true,
    allowIncomplete: false,
    maxRounds: 5,
    checks: PLAIN_CHECKS,
    ...changes,
  };
}

/** Probe settings for images that are exercised by commands only. */
export function execProbes(...exec: string[]): ProbeSettings {
  return { ...defaultProbes, exec, http: { ...defaultProbes.http, enabled: false } };
}
