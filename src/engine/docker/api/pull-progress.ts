import { formatBytes } from '../../../report/format.ts';
import { entriesOf } from './client-files.ts';

interface Layer {
  currentBytes: number;
  totalBytes: number;
  isDone: boolean;
}

/** A layer's last words. */
const DONE = new Set(['Pull complete', 'Already exists', 'Download complete']);

/** More often than this nobody reads. */
const INTERVAL_MS = 200;

/** Adds up what a daemon says about each layer of an image it pulls. */
export class PullProgress {
  readonly #name: string;
  readonly #tell: (text: string) => void;
  readonly #layers = new Map<string, Layer>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #told = '';

  constructor(name: string, tell: (text: string) => void) {
    this.#name = name;
    this.#tell = tell;
  }

  /** One message: `{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"layer"}`. */
  add(message: Record<string, unknown>): void {
    const { id, status } = message;
    if (typeof id !== 'string' || typeof status !== 'string' || status.startsWith('Pulling from')) return;
    const layer = this.#layers.get(id) ?? { currentBytes: 0, totalBytes: 0, isDone: false };
    this.#layers.set(id, layer);
    const detail = new Map(entriesOf(message.progressDetail));
    const [current, total] = [detail.get('current'), detail.get('total')];
    if (status === 'Downloading') {
      if (typeof current === 'number') layer.currentBytes = current;
      if (typeof total === 'number') layer.totalBytes = total;
    }
    if (DONE.has(status)) {
      layer.isDone = true;
      layer.currentBytes = layer.totalBytes;
    }
    this.#report();
  }

  #report(): void {
    const now = performance.now();
    const layers = [...this.#layers.values()];
    const done = layers.filter(({ isDone }) => isDone).length;
    if (now - this.#toldAt < INTERVAL_MS && done < layers.length) return;
    const currentBytes = layers.reduce((sum, layer) => sum + layer.currentBytes, 0);
    const totalBytes = layers.reduce((sum, layer) => sum + layer.totalBytes, 0);
    const bytes = totalBytes > 0 ? `${formatBytes(currentBytes)} of ${formatBytes(totalBytes)}, ` : '';
    const text = `pulling ${this.#name}: ${bytes}${done} of ${layers.length} layers`;
    if (text === this.#told) return;
    this.#told = text;
    this.#toldAt = now;
    this.#tell(text);
  }
}
