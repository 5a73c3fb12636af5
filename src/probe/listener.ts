import type { Listener } from '../engine/types.ts';
import { bytesOf, displayPath } from '../rootfs/path.ts';

/** `:8080`, or `unix:/run/app.sock`. */
export function listenerName(listener: Listener): string {
  return typeof listener === 'number' ? `:${listener}` : `unix:${displayPath(bytesOf(listener))}`;
}

/** What is asked for there: `:8080/page`, or `unix:/run/app.sock:/page`. */
export function resourceName(listener: Listener, resource: string): string {
  return `${listenerName(listener)}${typeof listener === 'number' ? '' : ':'}${resource}`;
}

/** Host of a request there: `localhost`, with the port unless it is the default of one of the schemes. */
export function hostOf(listener: Listener): string {
  const isPlain = typeof listener === 'string' || listener === 80 || listener === 443;
  return isPlain ? 'localhost' : `localhost:${listener}`;
}
