import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact, Outcome } from '../../../src/probe/types.ts';
import { compareOutcomes as compareSeen } from '../../../src/verify/compare.ts';

/** Holds an outcome against those of one or two runs. */
const compareOutcomes = (a: Outcome, b: Outcome | undefined, slim: Outcome) =>
  compareSeen(
    [a, b].flatMap((fat) => (fat ? [{ outcome: fat }] : [])),
    { outcome: slim },
  );

function outcome(facts: readonly Fact[], summary = 'exit 0'): Outcome {
  return { probe: 'p', ok: true, summary, durationMs: 1, facts };
}

const text = (value: string) => outcome([{ name: 'stdout', value, compare: 'text' }]);
const exact = (value: string, name = 'exit status') => outcome([{ name, value, compare: 'exact' }]);
const failure = (value: string) => outcome([{ name: 'failure', value, compare: 'exact' }], value);

const isEqual = (a: string, b: string | undefined, slim: string) =>
  compareOutcomes(text(a), b === undefined ? undefined : text(b), text(slim)).length === 0;

const LOG_A = `[7] starting app 1.4.2
2024-03-05T10:00:00.123Z worker 31 ready in 12.5 ms
2024-03-05T10:00:00.200Z session 8f14e45fceea167a opened from 127.0.0.1:40112
done
`;
const LOG_B = `[7] starting app 1.4.2
2024-03-05T10:00:04.623Z worker 33 ready in 9 ms
2024-03-05T10:00:04.700Z session c9f0f895fb98ab91 opened from 127.0.0.1:51734
done
`;
const LOG_SLIM = `[9] starting app 1.4.2
2024-03-05T10:00:09.001Z worker 108 ready in 1.2 s
2024-03-05T10:00:09.100Z session 45c48cce2e2d7fbd opened from 127.0.0.1:38222
done
`;
const TRACEBACK = `Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    import http.server
ModuleNotFoundError: No module named 'http.server'
`;

describe('exact facts', () => {
  it('differ by one byte', () => {
    expect(compareOutcomes(exact('0'), exact('0'), exact('1'))).toEqual([
      { fact: 'exit status', fat: '0', slim: '1', diff: '- 0\n+ 1' },
    ]);
  });

  it('may be what either run of the fat image gave, and nothing else', () => {
    expect(compareOutcomes(exact('0'), exact('1'), exact('1'))).toEqual([]);
    expect(compareOutcomes(exact('0'), exact('1'), exact('2'))).toHaveLength(1);
  });

  it('are not compared when they are digests that differ between two runs of the fat image', () => {
    const digest = (digit: string, length = 10) => exact(`sha256:${digit.repeat(64)} ${length} B`, 'body');
    expect(compareOutcomes(digest('a'), digest('b'), digest('c'))).toEqual([]);
    expect(compareOutcomes(digest('a'), digest('b'), digest('c', 1))).toHaveLength(1);
    expect(compareOutcomes(digest('a'), digest('a'), digest('c'))).toHaveLength(1);
  });

  it('that only one image has are differences', () => {
    const location = outcome([{ name: 'header location', value: '/login', compare: 'text' }]);
    expect(compareOutcomes(outcome([]), outcome([]), location)[0]).toMatchObject({ fat: '(absent)', slim: '/login' });
    expect(compareOutcomes(location, location, outcome([]))[0]).toMatchObject({ fat: '/login', slim: '(absent)' });
  });

  it('that only some runs of the fat image give may be missing', () => {
    const next = (value: string) => outcome([{ name: 'header x-next', value, compare: 'text' }]);
    expect(compareOutcomes(next('ada'), outcome([]), outcome([]))).toEqual([]);
    expect(compareOutcomes(next('ada'), outcome([]), next('ada'))).toEqual([]);
    expect(compareOutcomes(next('ada'), outcome([]), next('error'))).toHaveLength(1);
  });

  it('only shown are never compared', () => {
    const shown = (value: string) => outcome([{ name: 'header date', value, compare: 'shown' }]);
    expect(compareOutcomes(shown('a'), shown('b'), shown('c'))).toEqual([]);
  });
});

describe('a probe without result', () => {
  it('is one difference when the fat image gave one', () => {
    const slim = failure('connection refused');
    const fat = outcome([{ name: 'status', value: '200', compare: 'exact' }], '200 text/html 5 B');
    expect(compareOutcomes(fat, fat, slim)).toEqual([
      {
        fact: 'outcome',
        fat: '200 text/html 5 B',
        slim: 'connection refused',
        diff: '- 200 text/html 5 B\n+ connection refused',
      },
    ]);
  });

  it('is equal to the same failure of the fat image', () => {
    expect(compareOutcomes(failure('refused'), undefined, failure('refused'))).toEqual([]);
    expect(compareOutcomes(failure('refused'), undefined, failure('timeout'))).toHaveLength(1);
  });
});

describe('text', () => {
  it('may differ in times, durations, process IDs and wherever two runs of the fat image differ', () => {
    expect(isEqual(LOG_A, LOG_B, LOG_SLIM)).toBe(true);
  });

  it('may differ in all that looks volatile when there was one run', () => {
    const line = (pid: number, id: string, port: number, at: string) =>
      `[${pid}] 05/Mar/2024:10:00:00 +0000 id=${id} from 127.0.0.1:${port} object at ${at} in /tmp/tmp${at}\n`;
    const first = line(3, '0b1c9a5e-5b0a-4e0f-9f2e-0123456789ab', 40123, '0x7f00aa12');
    const slim = line(99, 'ffffffff-5b0a-4e0f-9f2e-0123456789ab', 60123, '0x7fabcd01');
    expect(isEqual(first, undefined, slim)).toBe(true);
    expect(isEqual(first, first, slim)).toBe(false);
  });

  it.each([
    ['Tue, 05 Mar 2024 10:00:00 GMT', 'Wed, 06 Mar 2024 11:30:01 GMT'],
    ['Tue Mar  5 10:00:00 UTC 2024', 'Wed Mar 16 11:00:07 UTC 2024'],
    ['2024/03/05 10:00:00 [notice] 7#7: start', '2024/03/06 10:00:03 [notice] 12#12: start'],
    ['-rw-r--r-- 1 root root 5 Mar  5 10:00 x', '-rw-r--r-- 1 root root 5 Mar  6 11:07 x'],
    ['took 0.5s', 'took 812ms'],
    ['took 3 seconds', 'took 0.25 seconds'],
    ['"exp": 1709632800', '"exp": 1709639999.25'],
    ['Booting worker with pid: 8', 'Booting worker with pid: 11'],
    ['[2024-03-05 10:00:00 +0000] [7] [INFO] go', '[2024-03-05 10:00:02 +0000] [9] [INFO] go'],
    ['nginx[12]: ready', 'nginx[7]: ready'],
  ])('takes %j and %j for the same', (fat, slim) => {
    expect(isEqual(fat, fat, slim)).toBe(true);
  });

  it.each([
    ['{"plugins":[7]}', '{"plugins":[2]}'],
    ['7 plugins', '2 plugins'],
    ['Marker 5', 'Marker 6'],
    ['listening on :8080', 'listening on :8081'],
    ['commit 8f14e45fce', 'commit c9f0f895fb'],
    ['python 3.11.2', 'python 3.11.4'],
    ['', '\n'],
  ])('takes %j and %j for different when two runs agree', (fat, slim) => {
    expect(isEqual(fat, fat, slim)).toBe(false);
  });

  it.each([
    ['a traceback instead', TRACEBACK],
    ['a traceback after the first line', LOG_SLIM.replace('done\n', TRACEBACK)],
    ['a missing line', LOG_SLIM.replace('done\n', '')],
    ['a missing line among volatile ones', LOG_SLIM.replace(/.*worker.*\n/, '')],
    ['an added line', `${LOG_SLIM}warning: no locale\n`],
    ['another version', LOG_SLIM.replace('1.4.2', '1.4.3')],
    ['another word in a volatile line', LOG_SLIM.replace('ready', 'failed')],
    ['a word in place of a volatile number', LOG_SLIM.replace('worker 108', 'worker none')],
    ['a missing value', LOG_SLIM.replace('worker 108 ', 'worker ')],
    ['nothing at all', ''],
    ['no line feed at the end', LOG_SLIM.trimEnd()],
  ])('differs by %s', (_, slim) => {
    expect(isEqual(LOG_A, LOG_B, slim)).toBe(false);
  });

  it('must have its lines in order, unless two runs of the fat image have not', () => {
    expect(isEqual('a\nb\nc', 'a\nb\nc', 'b\na\nc')).toBe(false);
    expect(isEqual('a\nb\nc', 'b\na\nc', 'c\nb\na')).toBe(true);
    expect(isEqual('a\nb\nc', 'b\na\nc', 'c\nb\nb')).toBe(false);
    expect(isEqual('a\nb\nc', 'b\na\nc', 'c\nb')).toBe(false);
  });

  it('may have the members of a set in any order when two runs of the fat image have', () => {
    const page = (...names: string[]) => `<p>{${names.join(', ')}}</p>\n`;
    expect(isEqual(page('ab', 'cd', 'ef'), page('ef', 'cd', 'ab'), page('cd', 'ab', 'ef'))).toBe(true);
    expect(isEqual(page('ab', 'cd', 'ef'), page('ef', 'cd', 'ab'), page('cd', 'ab', 'zz'))).toBe(false);
  });

  it('may repeat lines of the kinds that came a varying number of times', () => {
    const polls = (count: number) => `start\n${'poll 7 ok\n'.repeat(count)}end\n`;
    expect(isEqual(polls(2), polls(3), polls(4))).toBe(true);
    expect(isEqual(polls(2), polls(3), polls(3).replace('poll 7 ok', 'poll 7 failed'))).toBe(false);
    expect(isEqual(polls(2), polls(3), polls(400))).toBe(false);
  });

  it('may have another random token in a form', () => {
    const form = (token: string) => `<form><input name="csrf" value="${token}"><b>Log in</b></form>`;
    const tokens = ['IjVkOGY0Yz.ZeX1-A.9xK_2b', 'ImFhOTM0ZD.ZeX1_w.c7Lp-Q3', 'IjEyMzQ1Nj.ZeX2AB.1-Zz_9d'] as const;
    expect(isEqual(form(tokens[0]), form(tokens[1]), form(tokens[2]))).toBe(true);
    expect(isEqual(form(tokens[0]), form(tokens[1]), form(tokens[2]).replace('Log in', 'Error'))).toBe(false);
    expect(isEqual(form(tokens[0]), form(tokens[1]), form('not available'))).toBe(false);
    expect(isEqual(form(tokens[0]), form(tokens[1]), form('error'))).toBe(false);
  });

  it.each([
    [
      'ayA5kk+o0sbKYIuxdujVxP07w9A/hjQE22==',
      '6nwaDLbds8RpU08g6r+OqcVn9Bv2MauBWd==',
      'm0FUqScr9vyHUO0E1/RHBZwmkPV/Jj5v==',
      'error',
    ],
    [
      'DLqNyz15RT1oewX7KzF4H7GleVl6CcUGjwMr',
      '7hG14baxNYt3STvhBohf6enyWbFeeS2TuEEk',
      'RtBY2b1Anv3xqgtHg4qaKtoybgNnPOnguNrI',
      'none',
    ],
    ['8f14e45fceea167a', 'c9f0f895fb98ab91', '45c48cce2e2d7fbd', 'missing'],
    ['35.1', '24.1', '19', 'nan'],
    ['  76 |', ' 127 |', '1023 |', '  76 :'],
  ])('with %j and %j may have %j, not %j', (a, b, slim, other) => {
    const page = (value: string) => `the value is\t[ ${value} ] today\n`;
    expect(isEqual(page(a), page(b), page(slim))).toBe(true);
    expect(isEqual(page(a), page(b), page(other))).toBe(false);
  });

  it('is not excused by two runs that have nothing in common', () => {
    expect(isEqual('all is well here\n', 'nobody can say why\n', TRACEBACK)).toBe(false);
  });
});

describe('the excerpt of a difference', () => {
  it('shows the lines that differ and not those that are volatile', () => {
    const [difference] = compareOutcomes(text(LOG_A), text(LOG_B), text(LOG_SLIM.replace('done', 'killed')));
    expect(difference).toMatchObject({ fact: 'stdout', fat: 'done', slim: 'killed' });
    expect(difference?.diff.split('\n').slice(1, 3)).toEqual(['- done', '+ killed']);
    expect(difference?.diff).not.toMatch(/[-+] \[/);
  });

  it('shows what one image only has', () => {
    expect(compareOutcomes(text('a\nb\n'), undefined, text('a\n'))[0]).toMatchObject({ fat: 'b', slim: '(nothing)' });
  });

  it('lets no control character through and cuts long lines around the place', () => {
    const long = 'x'.repeat(5000);
    const [difference] = compareOutcomes(text(`${long}A\x1b[31m`), undefined, text(`${long}B\x1b[32m`));
    expect(difference?.fat).toMatch(/^…x+A\\x1b\[31m$/);
    expect(difference?.diff.length).toBeLessThan(500);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(difference?.diff).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('is short for texts that have nothing in common', () => {
    const many = (word: string) => Array.from({ length: 5000 }, (_, at) => `${word} ${word.repeat(at % 7)}`).join('\n');
    const [difference] = compareOutcomes(text(many('a')), undefined, text(many('b')));
    expect(difference?.diff.split('\n').length).toBeLessThanOrEqual(17);
  });
});

describe('comparison at large', () => {
  const byteText = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '1', '2', ':', 'é', '\xff'), maxLength: 60 });

  it('finds no difference between equal texts', () => {
    fc.assert(
      fc.property(byteText, byteText, (a, b) => isEqual(a, b, a) && isEqual(a, b, b) && isEqual(a, undefined, a)),
    );
  });

  it('finds every change of a word outside of the volatile lines', () => {
    const word = fc.string({ unit: fc.constantFrom('k', 'l', 'm'), minLength: 1, maxLength: 6 });
    const stable = fc.array(word, { minLength: 1, maxLength: 20 });
    const ids = fc.uniqueArray(fc.uuid(), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(stable, ids, fc.nat(), fc.nat(), (words, [idA = '', idB = '', idSlim = ''], place, victim) => {
        const at = place % (words.length + 1);
        const withId = (id: string, lines: readonly string[]) =>
          lines.toSpliced(at, 0, `session ${id} opened`).join('\n');
        const changed = words.with(victim % words.length, 'zz');
        expect(isEqual(withId(idA, words), withId(idB, words), withId(idSlim, words))).toBe(true);
        expect(isEqual(withId(idA, words), withId(idB, words), withId(idSlim, changed))).toBe(false);
        expect(isEqual(withId(idA, words), withId(idB, words), withId(idSlim, words.slice(1)))).toBe(false);
      }),
    );
  });

  it('takes a megabyte in one line and in many', { timeout: 20_000 }, () => {
    const items = Array.from({ length: 60_000 }, (_, at) => `"key${at % 97}": ${at * 7}`);
    for (const separator of [', ', ',\n']) {
      const page = (id: number) => `${items.join(separator)}${separator}request ${id}`;
      expect(isEqual(page(1), page(2), page(3))).toBe(true);
      expect(isEqual(page(1), page(2), page(3).replace('"key5": 35', '"key5": 36'))).toBe(false);
    }
  });

  /** CPU time of one comparison, in milliseconds. */
  const effortOf = (a: string, b: string, slim: string) => {
    const { user } = process.cpuUsage();
    isEqual(a, b, slim);
    return (process.cpuUsage().user - user) / 1000;
  };

  it.each([
    ['IDs that have little in common', (run: number) => garbled(KEYS, run)],
    ['lists in lists', (run: number) => listsInLists(run)],
  ])(
    'is not kept busy by %s',
    (_what, textOf) => {
      // Without bounds it is more than half a minute.
      expect(effortOf(textOf(1), textOf(2), textOf(3))).toBeLessThan(8000);
    },
    30_000,
  );
});

const KEYS = Array.from({ length: 9_000 }, (_, at) => `"k${at}":1`).join(',');

/** Another letter in place of each seventh. */
function garbled(text: string, run: number): string {
  const letter = (at: number) => String.fromCharCode(97 + ((at * 31 + run) % 26));
  return text.replace(/[a-z0-9]/g, (one, at: number) => (at % 7 === run ? letter(at) : one));
}

function listsInLists(run: number): string {
  let list = `[${'1,'.repeat(250_000)}${run}]`;
  for (let depth = 0; depth < 90; depth++) list = `[${list},${run}]`;
  return list;
}
