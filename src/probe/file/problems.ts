import type { z } from 'zod';
import { type Located, placeOfPath } from './positions.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * What is wrong with a document, one line for each thing, from top to bottom:
 * `FILE:LINE:COLUMN: probes[0].http.path: must start with /`.
 */
export function problemsOf(issues: readonly Issue[], located: Located): string[] {
  const found = issues.flatMap((issue) => problems(issue, [], located));
  return found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function problems(issue: Issue, parent: Path, located: Located): string[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${placeOfPath(located, path, key)}: ${shown([...path, key])}: unknown key`);
  }
  if (issue.code === 'invalid_union') {
    const branch = likeliest(issue.errors);
    if (branch) return branch.flatMap((inner) => problems(inner, path, located));
  }
  return [`${placeOfPath(located, path)}: ${shown(path)}: ${messageOf(issue)}`];
}

/** What zod says of a union that has no message of its own. */
const GENERIC = 'Invalid input';

function messageOf(issue: Issue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  if (issue.code !== 'invalid_union' || issue.message !== GENERIC) return issue.message;
  const expected = issue.errors.flatMap((branch) => branch.flatMap(expectedTypes));
  return `expected ${[...new Set(expected)].join(' or ')}`;
}

function expectedTypes(issue: Issue): string[] {
  if (issue.path.length > 0) return [];
  if (issue.code === 'invalid_type') return [issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => branch.flatMap(expectedTypes)) : [];
}

/** Of several forms, the one that was meant: whose mistakes are inside of it. */
function likeliest(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find((issues) => issues.length > 0 && issues.every((issue) => !isOtherType(issue)));
}

function isOtherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union');
}

function shown(path: Path): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text.replace(/^\./, '') || 'the document';
}
