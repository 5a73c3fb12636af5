import { describe, expect, it } from 'vitest';
import { plausibleReadings } from '../../../src/verify/clock.ts';
import { readingsOf } from '../../../src/verify/mask.ts';

const START = Date.UTC(2026, 10, 21, 11, 30, 0);
const MINUTE = 60_000;

/** Whether all that `slim`, which began five minutes later, says of the time is explained by two runs of the fat image. */
function isPlausible(a: string, b: string, slim: string): boolean {
  const runs = [a, b].map((text) => ({ readings: readingsOf(text), startedAt: START }));
  const accepts = plausibleReadings(runs, START + 5 * MINUTE);
  const readings = readingsOf(slim);
  expect(readings).not.toEqual([]);
  return readings.every(accepts);
}

describe('a time', () => {
  it.each([
    ['2026-11-21T11:30:02Z', '2026-11-21T11:35:03.25Z', '2026-11-21T10:35:03Z'],
    ['2026-11-21T12:30:02+01:00', '2026-11-21T12:35:04+01:00', '2026-11-21T11:35:04+00:00'],
    ['2026-11-21 12:30:02', '2026-11-21 12:35:04', '2026-11-21 11:35:04'],
    ['20261121T123002Z', '20261121T123504Z', '20261121T113504Z'],
    ['Sat, 21 Nov 2026 11:30:02 GMT', 'Sat, 21 Nov 2026 11:35:02 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ['Sat Nov 21 11:30:02 2026', 'Sat Nov 21 11:35:02 2026', 'Sat Nov 21 10:35:02 2026'],
    ['Nov 21 11:30:02', 'Nov 21 11:35:02', 'Nov 21 12:35:02'],
    ['21/Nov/2026:12:30:02 +0100', '21/Nov/2026:12:35:02 +0100', '21/Nov/2026:11:35:02 +0000'],
    ['2026/11/21 11:30:02', '2026/11/21 11:35:02', '2026/11/21 12:35:02'],
    ['11:30:02', '11:35:04', '12:35:04'],
    ['23:59:50', '00:04:55', '01:04:55'],
    ['1795260600', '1795260905', '1650000000'],
    ['1795260600123', '1795260905456', '1795264505456'],
    ['2027-11-21', '2027-11-22', '2027-12-21'],
  ])('such as %s may be %s five minutes later, not %s', (fat, later, other) => {
    expect(isPlausible(fat, fat, later)).toBe(true);
    expect(isPlausible(fat, fat, other)).toBe(false);
  });

  it('that is no present one stays what it is', () => {
    expect(isPlausible('built on 2023-01-05', 'built on 2023-01-05', 'built on 2023-01-05')).toBe(true);
    expect(isPlausible('built on 2023-01-05', 'built on 2023-01-05', 'built on 2024-06-30')).toBe(false);
  });

  it('may be any where the runs of the fat image do not explain each other', () => {
    expect(isPlausible('born 1971-03-05', 'born 2003-08-09', 'born 1999-01-01')).toBe(true);
  });

  it('may be any when nobody knows when the runs began', () => {
    const accepts = plausibleReadings([{ readings: readingsOf('11:30:02') }], START);
    expect(readingsOf('20:00:00').map(accepts)).toEqual([true]);
  });
});

describe('a duration', () => {
  it.each([
    ['took 3 ms', 'took 812 ms', true],
    ['took 1s', 'took 4s', true],
    ['timeout 30 seconds', 'timeout 60 seconds', false],
    ['every 15 minutes', 'every 1 minute', false],
    ['ran for 30 s', 'ran for 33 s', true],
  ])('%s and %s are about the same: %s', (fat, slim, same) => {
    expect(isPlausible(fat, fat, slim)).toBe(same);
  });
});
