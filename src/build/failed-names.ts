import { parseDestination } from '../image/write.ts';

/** Where an image goes, and what it is called. */
interface Names {
  readonly destinations: readonly string[];
  readonly tags: readonly string[];
}

const SUFFIX = '-failed';

/** For an image that was not accepted but is wanted all the same: names that nobody takes for those of a good one. */
export function failedNames({ destinations, tags }: Names): Names {
  return { destinations: destinations.map(failedDestination), tags: tags.map(failedTag) };
}

function failedDestination(destination: string): string {
  const { transport, path, name } = parseDestination(destination);
  const failedName = name === undefined ? '' : failedTag(name);
  if (transport === 'docker-daemon') return `${transport}:${failedName}`;
  const [, stem = path, ending = ''] = /^(.*?)(\.tar)?$/s.exec(path.replace(/\/+$/, '')) ?? [];
  return `${transport}:${stem}${SUFFIX}${ending}${failedName && `:${failedName}`}`;
}

/** `shop:1.4` as `shop:1.4-failed`; a name without a tag gets `latest-failed`. */
function failedTag(name: string): string {
  const hasTag = /:[\w][\w.-]*$/.test(name);
  return `${name}${hasTag ? '' : ':latest'}${SUFFIX}`;
}
