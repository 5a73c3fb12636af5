import { invalid } from './values.ts';

/**
 * The words of `--cmd` and `--entrypoint`: a JSON array of strings, or words split as a POSIX shell does (quotes and
 * backslashes, nothing expanded). Blank text gives no words.
 */
export function parseWords(option: string, text: string): string[] {
  if (text.trimStart().startsWith('[')) return parseJsonWords(option, text);
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    // One word: runs of plain characters, 'single', "double" with \" \\ \$ \` inside, or \x.
    const word = /^(?:[^\s'"\\]+|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S])+/.exec(rest)?.[0];
    if (word === undefined) throw invalid(option, text, 'close every quote, or give a JSON array of strings');
    words.push(unquote(word));
    const after = rest.slice(word.length);
    if (after !== '' && !/^\s/.test(after))
      throw invalid(option, text, 'close every quote, or give a JSON array of strings');
    rest = after.trimStart();
  }
  return words;
}

function parseJsonWords(option: string, text: string): string[] {
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch {
    words = undefined;
  }
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw invalid(option, text, 'give a JSON array of strings such as ["nginx","-g","daemon off;"]');
}

function unquote(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, (_, single, double, escaped) => {
    if (single !== undefined) return single;
    if (double !== undefined) return double.replace(/\\(["\\$`])/g, '$1');
    return escaped;
  });
}
