import { TraceSlimError } from '../errors.ts';
import { readOptionFile } from './values.ts';

const OPTION = '--command-params-file';

/**
 * Puts what SlimToolkit's `--command-params-file` names in its place: a JSON object of options, `{"http-probe": false,
 * "include-path": ["/a", "/b"]}`. What stands behind it on the command line counts for more.
 * Errors: USAGE_INVALID, CONFIG_INVALID.
 */
export async function expandParamsFiles(argv: readonly string[]): Promise<string[]> {
  const end = argv.indexOf('--');
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    const isOption = end < 0 || at < end;
    if (isOption && word === OPTION) words.push(...(await wordsOf(argv[++at] ?? '')));
    else if (isOption && word.startsWith(`${OPTION}=`)) words.push(...(await wordsOf(word.slice(OPTION.length + 1))));
    else words.push(word);
  }
  return words;
}

async function wordsOf(path: string): Promise<string[]> {
  const text = (await readOptionFile(OPTION, path)).toString('utf8');
  const params = parseObject(path, text);
  return Object.entries(params).flatMap(([key, value]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values
      .filter((single) => single !== null)
      .map((single) => `--${optionName(key)}=${checked(path, key, single)}`);
  });
}

function parseObject(path: string, text: string): object {
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, 'it is not JSON', cause);
  }
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return params;
  throw invalid(path, 'it holds no object');
}

/** `http-probe` from `--http-probe`, `http_probe` or `httpProbe`. */
function optionName(key: string): string {
  return key
    .replace(/^-+/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}

function checked(path: string, key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(path, `${JSON.stringify(key)} is no text, number, true, false or a list of these`);
}

function invalid(path: string, why: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `${OPTION} ${path} is not usable: ${why}`, {
    hint: 'Write an object of options without dashes, e.g. {"http-probe": false, "include-path": ["/etc/app"]}.',
    cause,
  });
}
