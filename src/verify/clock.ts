/** What a text says of the time, read so that it can be told from what another run says. */
export interface Reading {
  readonly kind: 'time' | 'duration';
  /** How it is written: names and numbers made alike, the time zone as it is. */
  readonly form: string;
  /** Since 1970 by the clock that is shown, whatever its zone; since midnight where there is no date; or how long. */
  readonly ms: number;
  readonly hasDate: boolean;
  readonly hasClock: boolean;
}

/** One run's readings. `startedAt` in milliseconds since 1970, where it is known. */
export interface DatedReadings {
  readonly readings: readonly Reading[];
  readonly startedAt?: number | undefined;
}

/** Time zones differ by half an hour or more; applications start this much faster or slower than one another. */
const SLACK_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
/** Below this a duration tells how busy the machine was. */
const SHORT_MS = 10_000;
const MAX_RATIO = 1.5;
/** With more, nothing is told apart. */
const MAX_READINGS = 2000;

/**
 * Which readings of a slim image the clock explains. A time must be written in a way that a run of the fat image has
 * written it, and be the same or have gone on as much as the clock has between the runs; a long duration must be about as
 * long. Where the fat image's own runs do not explain each other, everything goes.
 */
export function plausibleReadings(
  fat: readonly DatedReadings[],
  startedAt: number | undefined,
): (reading: Reading) => boolean {
  if (startedAt === undefined || fat.some((run) => run.startedAt === undefined || run.readings.length > MAX_READINGS))
    return () => true;
  const known = fat.map((run) => ({ readings: distinct(run.readings), startedAt: run.startedAt as number }));
  const explains = (reading: Reading, at: number) =>
    known.some((run) => run.readings.some((from) => isExplained(reading, from, at - run.startedAt)));
  const isErratic = known.some(({ readings, startedAt: at }, run) =>
    readings.some((reading) =>
      known.some((other, index) => {
        return index !== run && !other.readings.some((from) => isExplained(reading, from, at - other.startedAt));
      }),
    ),
  );
  return (reading) => isErratic || explains(reading, startedAt);
}

function distinct(readings: readonly Reading[]): Reading[] {
  return [...new Map(readings.map((reading) => [`${reading.ms} ${reading.form}`, reading])).values()];
}

function isExplained(reading: Reading, from: Reading, elapsedMs: number): boolean {
  if (reading.kind !== from.kind) return false;
  if (reading.kind === 'duration') return isAboutAsLong(reading.ms, from.ms);
  if (reading.form !== from.form) return false;
  const apart = Math.abs(reading.ms - from.ms - elapsedMs);
  const nearest = reading.hasDate ? apart : Math.min(apart % DAY_MS, DAY_MS - (apart % DAY_MS));
  return reading.ms === from.ms || nearest <= SLACK_MS + (reading.hasClock ? 0 : DAY_MS);
}

function isAboutAsLong(ms: number, from: number): boolean {
  const [shorter, longer] = ms < from ? [ms, from] : [from, ms];
  return longer < SHORT_MS || longer <= shorter * MAX_RATIO;
}

const ZONE = /(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})$/;
const CLOCK = /(\d{1,2}):?(\d{2})(?::?(\d{2}))?(?:[.,]\d+)?/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** A date, a time of day, or both, in any of the forms that are masked. */
export function readTime(text: string): Reading {
  const clock = /(?<=^|[ T:])\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?|(?<=T)\d{6}/.exec(text);
  const [, hours = 0, minutes = 0, seconds = 0] = (clock && CLOCK.exec(clock[0])) ?? [];
  const date = clock ? text.replace(clock[0], ' ') : text;
  const day = readDate(date.replace(/[+-]\d{2}:?\d{2}$/, (zone) => (clock ? '' : zone)));
  const ms = (day ?? 0) + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return { kind: 'time', form: formOf(text), ms, hasDate: day !== undefined, hasClock: clock !== null };
}

/** Midnight of that day. Without a year, some year. */
function readDate(text: string): number | undefined {
  const numeric = /(\d{4})[-/]?(\d{2})[-/]?(\d{2})/.exec(text);
  if (numeric) return Date.UTC(Number(numeric[1]), Number(numeric[2]) - 1, Number(numeric[3]));
  const names = text.match(/[A-Z][a-z]+/g) ?? [];
  const month = names.map((name) => MONTHS.indexOf(name.slice(0, 3).toLowerCase())).find((at) => at >= 0);
  if (month === undefined) return undefined;
  const day = /(?<!\d)\d{1,2}(?!\d)/.exec(text);
  const year = /(?<!\d)\d{4}(?!\d)/.exec(text);
  return Date.UTC(Number(year?.[0] ?? 2000), month, Number(day?.[0] ?? 1));
}

function formOf(text: string): string {
  const zone = ZONE.exec(text)?.[0] ?? '';
  const rest = text.slice(0, text.length - zone.length).replace(/(:\d{2})[.,]\d+/, '$1');
  return (
    rest
      .replace(/[A-Z][a-z]+/g, 'A')
      .replace(/\d+/g, '0')
      .replace(/ +/g, ' ') + zone
  );
}

/** Seconds since 1970, or thousandths, millionths, billionths of them. */
export function readEpoch(text: string): Reading {
  const [whole = ''] = text.split('.', 1);
  return {
    kind: 'time',
    form: `epoch ${whole.length}`,
    ms: Number(`${whole.slice(0, 10)}.${whole.slice(10)}`) * 1000,
    hasDate: true,
    hasClock: true,
  };
}

const UNITS: readonly { readonly unit: RegExp; readonly ms: number }[] = [
  { unit: /ns$/, ms: 1e-6 },
  { unit: /(?:us|\xb5s)$/, ms: 1e-3 },
  { unit: /ms$/, ms: 1 },
  { unit: /m(?:in)?(?:utes?|s)?$/, ms: 60_000 },
];

/** A number and a unit; seconds when it is no other. */
export function readDuration(text: string): Reading {
  const unit = UNITS.find((each) => each.unit.test(text));
  const ms = Number.parseFloat(text) * (unit?.ms ?? 1000);
  return { kind: 'duration', form: '', ms, hasDate: false, hasClock: false };
}
