declare const imagePath: unique symbol;

/**
 * An absolute, normalised path inside an image: starts with `/`, no empty, `.` or `..` components, no trailing slash
 * except for the root itself. Image paths are bytes, so each character stands for one byte (latin1): `é` in UTF-8 is two
 * characters here. Use {@link displayPath} for people and {@link imagePathFromText} for what people type.
 */
export type ImagePath = string & { readonly [imagePath]: true };

export const ROOT: ImagePath = '/' as ImagePath;

/**
 * Normalises a byte string into an ImagePath. A relative path is taken from the root; `..` never climbs above the root.
 * Symbolic links are not looked at: this is text only.
 */
export function toImagePath(bytes: string): ImagePath {
  if (isNormal(bytes)) return bytes as ImagePath;
  const parts: string[] = [];
  for (const part of bytes.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}` as ImagePath;
}

/** An ImagePath from text as typed or stored in UTF-8. */
export function imagePathFromText(text: string): ImagePath {
  return toImagePath(bytesOf(text));
}

/** UTF-8 text as a byte string (one character per byte). */
export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * A byte string for people: decoded as UTF-8 where it is valid, with control characters and invalid bytes as `\xNN`, so
 * that nothing in a hostile image can drive a terminal.
 */
export function displayPath(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  const lossless = Buffer.from(text, 'utf8').equals(buffer);
  const shown = lossless ? text : bytes;
  const unsafe = lossless
    ? // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get through
      /[\u0000-\u001f\u007f-\u009f\\\u202a-\u202e\u2066-\u2069]/g
    : /[^\u0020-\u005b\u005d-\u007e]/g;
  return shown.replace(unsafe, lossless ? escapeCharacter : escapeByte);
}

/** The reverse of {@link displayPath}, for paths read back from a report. */
export function parseDisplayPath(shown: string): ImagePath {
  const bytes = bytesOf(
    shown.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
  );
  return toImagePath(
    bytes.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

/** The directory a path is in; the root is its own parent. */
export function parentOf(path: ImagePath): ImagePath {
  const slash = path.lastIndexOf('/');
  return (slash <= 0 ? '/' : path.slice(0, slash)) as ImagePath;
}

/** The last component; empty for the root. */
export function baseName(path: ImagePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Appends one or more components to a directory; an absolute `name` replaces it. */
export function joinPath(directory: ImagePath, name: string): ImagePath {
  return toImagePath(name.startsWith('/') ? name : `${directory}/${name}`);
}

function isNormal(path: string): boolean {
  return path === '/' || (path.startsWith('/') && !path.endsWith('/') && !/\/(?:\.{0,2})(?:\/|$)/.test(path));
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x80 ? escapeByte(character) : `\\u{${code.toString(16)}}`;
}

function escapeByte(byte: string): string {
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
