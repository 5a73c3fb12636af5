import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdLock } from '../../../../src/engine/host/lock.ts';
import { abandonedRuns, createLayout, createRun, liveRuns, ownerMark } from '../../../../src/engine/host/state.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trace-slim-state-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** No process can have this mark: start times only grow, and pid 1 started at boot. */
const DEAD_OWNER = '1 99999999999';

test('a run of this process is alive, one of a process that is gone is abandoned', () => {
  const layout = createLayout(directory);
  const mine = createRun(layout);
  const dead = join(layout.runs, 'dead');
  mkdirSync(dead);
  writeFileSync(join(dead, 'owner'), DEAD_OWNER);
  expect(liveRuns(layout)).toEqual([mine.directory]);
  expect(abandonedRuns(layout)).toEqual([dead]);
});

test('a process is known by its start time too, since pids are used again', () => {
  expect(ownerMark(process.pid)).toMatch(new RegExp(`^${process.pid} \\d+$`));
  expect(ownerMark(2 ** 30)).toBeUndefined();
});

test('a lock is given to one holder at a time', async () => {
  const path = join(directory, 'a.lock');
  const order: string[] = [];
  const { signal } = new AbortController();
  const hold = async (name: string) => {
    await using _lock = await holdLock(path, { signal });
    order.push(`${name} in`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} out`);
  };
  await Promise.all([hold('a'), hold('b'), hold('c')]);
  expect(order).toHaveLength(6);
  for (let at = 0; at < 6; at += 2) expect(order[at + 1]).toBe(order[at]?.replace('in', 'out'));
});

test('a lock whose holder has died is taken over', async () => {
  const path = join(directory, 'b.lock');
  mkdirSync(path);
  writeFileSync(join(path, 'owner'), DEAD_OWNER);
  await using lock = await holdLock(path, { signal: AbortSignal.timeout(5000) });
  expect(lock).toBeDefined();
});
