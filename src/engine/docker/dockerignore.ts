/** What a `.dockerignore` file says. */
export interface DockerIgnore {
  /** Whether a path of a build context (`a/b`, no leading slash) is left out. */
  isIgnored(path: string): boolean;
  /** Something is taken back in: what is in an ignored folder has to be looked at. */
  readonly hasExceptions: boolean;
}

/**
 * The rules of a `.dockerignore` file: the last pattern that matches a path, or a folder it is in, decides.
 * Source: https://docs.docker.com/build/concepts/context/#dockerignore-files, moby/patternmatcher
 */
export function parseDockerIgnore(text: string): DockerIgnore {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '!')
    .map((line) => ({ isException: line.startsWith('!'), pattern: cleaned(line.replace(/^!\s*/, '')) }))
    .filter(({ pattern }) => pattern !== '')
    .map(({ isException, pattern }) => ({ isException, regexp: new RegExp(`^${regexpOf(pattern)}(?:/|$)`, 's') }));
  return {
    hasExceptions: rules.some(({ isException }) => isException),
    isIgnored: (path) => rules.findLast(({ regexp }) => regexp.test(path))?.isException === false,
  };
}

/** As Go's filepath.Clean does, from the context's root. */
function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** What stands for the parts of a pattern: the first that is found where the last one ended. */
const PARTS: readonly (readonly [RegExp, (match: string) => string])[] = [
  [/^\*\*\//, () => '(?:.*/)?'],
  [/^\*\*/, () => '.*'],
  [/^\*/, () => '[^/]*'],
  [/^\?/, () => '[^/]'],
  [/^\[\^?(?:\\.|[^\]\\])+\]/, (match) => match.replace(/\[(?!\^?)/g, '\\[')],
  [/^\\[\s\S]/, (match) => literal(match.slice(1))],
  [/^[\s\S]/, literal],
];

function regexpOf(pattern: string): string {
  let rest = pattern;
  let regexp = '';
  while (rest !== '') {
    for (const [part, meaning] of PARTS) {
      const [match] = part.exec(rest) ?? [];
      if (match === undefined) continue;
      regexp += meaning(match);
      rest = rest.slice(match.length);
      break;
    }
  }
  return regexp;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
