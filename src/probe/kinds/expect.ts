import { boundedWork } from '../bounded-work.ts';
import { valuesAt } from '../json-path.ts';
import type { Fact, Outcome } from '../types.ts';
import type { Expectation, ExpectedText } from './expectation.ts';
import type { ExpectKey } from './kind.ts';
import { jsonMismatch, textMismatch } from './matcher.ts';

/** The fact that each key of `expect` reads; headers are facts `header <name>`. */
const FACT_OF: Readonly<Record<Exclude<ExpectKey, 'headers'>, string>> = {
  status: 'status',
  body: 'body',
  json: 'body',
  exit: 'exit status',
  stdout: 'stdout',
  stderr: 'stderr',
  reply: 'reply',
};

/**
 * An outcome held against what is expected. An `expect` with the key that `decides` takes the place of the outcome's own
 * idea of what is ok.
 */
export function judged(outcome: Outcome, expect: Expectation, decides?: ExpectKey): Outcome {
  const isDecided = decides !== undefined && expect[decides] !== undefined;
  const mismatches = unmet(expect, outcome);
  const ok = mismatches.length === 0 && (isDecided || outcome.ok);
  const summary = mismatches.length > 0 ? `${outcome.summary}: ${mismatches.join('; ')}` : outcome.summary;
  return { ...outcome, ok, summary, facts: [...outcome.facts, expectFact(mismatches)] };
}

function expectFact(mismatches: readonly string[]): Fact {
  const value = mismatches.length === 0 ? 'met' : Buffer.from(mismatches.join('\n'), 'utf8').toString('latin1');
  return { name: 'expect', value, compare: 'text' };
}

/** Why an outcome is not as expected: one sentence for each thing; none when it is. */
function unmet(expected: Expectation, outcome: Outcome): string[] {
  const failure = factOf(outcome, 'failure');
  if (failure !== undefined) return [outcome.summary];
  const { status, exit, headers = {}, json = {}, ...texts } = expected;
  const found = [
    numberMismatch('status', status, factOf(outcome, FACT_OF.status)),
    numberMismatch('exit status', exit, factOf(outcome, FACT_OF.exit)),
    ...Object.entries(headers).map(([name, text]) => textFact(`header ${name.toLowerCase()}`, text, outcome)),
    ...Object.entries(texts).map(([key, text]) => textFact(FACT_OF[key as keyof typeof texts], text, outcome)),
    ...jsonMismatches(json, outcome),
  ];
  return found.filter((mismatch) => mismatch !== undefined);
}

type Numbers = Expectation['status'];

function numberMismatch(name: string, expected: Numbers, value: string | undefined): string | undefined {
  if (expected === undefined) return undefined;
  const accepted = [expected].flat().map(String);
  const isMet = accepted.some((item) => item === value || item === value?.replace(/..$/, 'xx'));
  return isMet ? undefined : `${name} expected to be ${accepted.join(' or ')}, is ${value ?? 'not there'}`;
}

function textFact(name: string, expected: ExpectedText | undefined, outcome: Outcome): string | undefined {
  if (expected === undefined) return undefined;
  const text = factOf(outcome, name);
  if (text === undefined) return `${name} is not there`;
  const mismatch = textMismatch(expected, text);
  return mismatch && `${name} ${mismatch}`;
}

function jsonMismatches(expected: Readonly<Record<string, unknown>>, outcome: Outcome): string[] {
  const paths = Object.entries(expected);
  if (paths.length === 0) return [];
  let document: unknown;
  try {
    document = JSON.parse(factOf(outcome, FACT_OF.json) ?? '');
  } catch {
    return ['body is not JSON'];
  }
  return paths.flatMap(([path, value]) => {
    const mismatch = boundedWork(() => jsonMismatch(value, valuesAt(document, path)), 'is too much to be compared');
    return mismatch === undefined ? [] : [`${path} ${mismatch}`];
  });
}

function factOf({ facts }: Outcome, name: string): string | undefined {
  const value = facts.find((fact: Fact) => fact.name === name)?.value;
  return value === undefined ? undefined : Buffer.from(value, 'latin1').toString('utf8');
}
