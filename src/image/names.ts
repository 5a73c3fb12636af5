import { TraceSlimError } from '../errors.ts';

const SHOWN = 20;

/** Several images and no name to choose one. */
export function ambiguousName(names: readonly string[]): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', 'there are several images, and none was named', {
    hint: `Append :NAME with one of: ${list(names)}`,
    context: { names },
  });
}

/** No image of this name. */
export function unknownName(name: string, names: readonly string[]): TraceSlimError {
  return new TraceSlimError('IMAGE_NOT_FOUND', `there is no image named ${name}`, {
    hint: names.length === 0 ? 'The images there have no names: leave the name out.' : `There are: ${list(names)}`,
    context: { names },
  });
}

function list(names: readonly string[]): string {
  return names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')}, ...`;
}
