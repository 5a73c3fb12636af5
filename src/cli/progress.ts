import type { ProgressEvent, ProgressSink } from '../progress.ts';
import { formatDuration, type Paint, painter, printable, truncate } from '../report/format.ts';
import type { OutputStream } from './session.ts';

/** A way of showing progress. After `close` nothing of it moves any more. */
export interface ProgressView {
  readonly sink: ProgressSink;
  /** A lasting line that is not an event of the pipeline. */
  say(line: string): void;
  close(): void;
}

export interface ProgressOptions {
  /** `--progress`. */
  readonly mode: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** Chooses the view: what was asked for, else redrawn on a terminal outside CI, else one line a stage. */
export function openProgress(stream: OutputStream, options: ProgressOptions): ProgressView {
  if (options.quiet || options.mode === 'quiet') return quietView();
  const canRedraw = stream.isTTY === true && options.env.TERM !== 'dumb' && !options.env.CI;
  const isLive = options.mode === 'tty' || (options.mode === 'auto' && canRedraw);
  const lines = lineWriter(options);
  return isLive ? liveView(stream, lines) : plainView(stream, lines);
}

/** The lasting lines an event leaves behind; none for most. */
type LineWriter = (event: ProgressEvent) => string | undefined;

const STAGE_WIDTH = 7;
const DURATION_WIDTH = 8;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const ERASE_LINE = '\r\u001b[2K';
const DEFAULT_COLUMNS = 80;

function lineWriter({ verbose, color }: ProgressOptions): LineWriter {
  const paint = painter(color);
  return (event) => {
    if (event.kind === 'stage-end') return stageLine(event, paint);
    if (event.kind === 'warning') return `${paint('yellow', 'warning:')} ${printable(event.text)}`;
    if (!verbose || event.kind === 'outcomes') return undefined;
    return paint('dim', `  ${printable(event.text)}`);
  };
}

function stageLine(event: Extract<ProgressEvent, { kind: 'stage-end' }>, paint: Paint): string {
  const duration = formatDuration(event.durationMs).padStart(DURATION_WIDTH);
  return `${paint('bold', event.stage.padEnd(STAGE_WIDTH))}${paint('dim', duration)}  ${printable(event.text)}`;
}

/** Warnings are in the report too, so nothing is lost. */
function quietView(): ProgressView {
  return { sink: () => {}, say: () => {}, close: () => {} };
}

function plainView(stream: OutputStream, lines: LineWriter): ProgressView {
  const say = (line: string) => void stream.write(`${line}\n`);
  return {
    sink: (event) => {
      const line = lines(event);
      if (line !== undefined) say(line);
    },
    say,
    close: () => {},
  };
}

/** Lasting lines above one line that is redrawn. That line never wraps and is erased in the end. */
function liveView(stream: OutputStream, lines: LineWriter): ProgressView {
  let current: { text: string; startedAt: number } | undefined;
  let frame = 0;
  const draw = () => {
    if (!current) return;
    frame = (frame + 1) % FRAMES.length;
    const line = `${FRAMES[frame]} ${printable(current.text)}  ${formatDuration(performance.now() - current.startedAt)}`;
    stream.write(`${ERASE_LINE}${truncate(line, (stream.columns ?? DEFAULT_COLUMNS) - 1)}`);
  };
  const say = (line: string) => void stream.write(`${current ? ERASE_LINE : ''}${line}\n`);
  const timer = setInterval(draw, FRAME_MS).unref();
  return {
    sink: (event) => {
      const line = lines(event);
      if (line !== undefined) say(line);
      if (event.kind === 'stage-start') current = { text: event.text, startedAt: performance.now() };
      if (event.kind === 'stage-progress' && current) current.text = event.text;
      if (event.kind === 'stage-end') current = undefined;
      draw();
    },
    say,
    close: () => {
      clearInterval(timer);
      if (current) stream.write(ERASE_LINE);
      current = undefined;
    },
  };
}
