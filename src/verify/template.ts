/** One place of a template: what may stand there and how often. */
export interface Place {
  /** What stood there, for people. */
  readonly shown: string;
  readonly atLeast: 0 | 1;
  readonly atMost: number;
  matches(part: string): boolean;
}

/** A place for exactly one part. */
export function onePlace(shown: string, matches: (part: string) => boolean): Place {
  return { shown, atLeast: 1, atMost: 1, matches };
}

/**
 * Whether a sequence fits a template. All ways to assign parts to places are followed at once, so that the time grows
 * with the length and never exponentially.
 */
export function fits(places: readonly Place[], parts: readonly string[]): boolean {
  let states: States = new Map();
  enter(states, places, 0, 0);
  for (const part of parts) {
    const next: States = new Map();
    for (const [at, used] of states) {
      const place = places[at];
      if (!place || used >= place.atMost || !place.matches(part)) continue;
      enter(next, places, at, used + 1);
    }
    if (next.size === 0) return false;
    states = next;
  }
  return states.has(places.length);
}

/** From the place that is being filled to the least number of parts it holds in any way of getting there. */
type States = Map<number, number>;

function enter(states: States, places: readonly Place[], at: number, used: number): void {
  for (let place = at, held = used; ; place++, held = 0) {
    const known = states.get(place);
    if (known === undefined || held < known) states.set(place, held);
    const here = places[place];
    if (!here || held < here.atLeast) return;
  }
}
