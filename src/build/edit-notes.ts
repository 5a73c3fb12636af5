import type { OpenedImage } from '../engine/types.ts';
import { effectiveCommand } from '../image/config.ts';
import { changesBetween, editConfig, mergeEnv } from '../image/config-edits.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { findProgram } from '../rootfs/programs.ts';
import type { ConfigEdits, RunSettings } from '../settings.ts';
import { runConfig } from '../trace/run-config.ts';

/** Keys that make a difference to the application when a container is started. */
const RUN_KEYS = ['Entrypoint', 'Cmd', 'User', 'WorkingDir', 'Env', 'StopSignal'] as const;

/**
 * What a user should know about an edited configuration: what of it no container was run with, since probes are run and
 * replayed as the command line says, and a program that is not there.
 */
export function notesOnEdits({ image, rootfs }: OpenedImage, edits: ConfigEdits, run: RunSettings): string[] {
  const original = image.config.config ?? {};
  const edited = editConfig(original, edits, run);
  const changes = changesBetween(original, edited);
  const ran: RuntimeConfig = { ...runConfig(original, run), Env: mergeEnv(original.Env, run.env) };
  const untried = RUN_KEYS.filter((key) => changes[key] !== undefined && !isSame(edited[key], ran[key]));
  const notes = untried.length === 0 ? [] : [untriedNote(untried)];
  const [program] = effectiveCommand(edited);
  if (program === undefined || (!('Entrypoint' in changes) && !('Cmd' in changes))) return notes;
  const isThere = findProgram(rootfs, program, { env: edited.Env ?? [], cwd: edited.WorkingDir }) !== undefined;
  return isThere ? notes : [...notes, `The edited configuration starts ${program}, which the image does not have.`];
}

/** What a user should know of two images that are held against each other: each is run by its own configuration. */
export function notesOnOtherConfig(fat: RuntimeConfig = {}, slim: RuntimeConfig = {}): string[] {
  const others = RUN_KEYS.filter((key) => !isSame(fat[key], slim[key]));
  return others.length === 0 ? [] : [`The slim image is configured otherwise than the original: ${others.join(', ')}.`];
}

function untriedNote(keys: readonly string[]): string {
  return `${keys.join(', ')} of the edited configuration ${keys.length === 1 ? 'was' : 'were'} not tried: the images were run as --cmd, --entrypoint and the like say. What it names is kept with its libraries; \`trace-slim verify\` tries it.`;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(normal(a)) === JSON.stringify(normal(b));
}

/** No words, and no value, are the same to an engine. */
function normal(value: unknown): unknown {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0) ? null : value;
}
