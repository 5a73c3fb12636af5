import { TraceSlimError } from '../errors.ts';

const TRANSPORTS = ['docker-archive', 'oci', 'oci-archive', 'rootfs', 'docker-daemon'] as const;

/** Skopeo's words for where an image is (`docker-daemon`: the store of any daemon), and `rootfs` for a directory. */
export type Transport = (typeof TRANSPORTS)[number];

/** Where an image is read from or written to, as the user wrote it. */
export interface ImageLocation {
  /** Undefined for a bare path: its content tells. */
  readonly transport: Transport | undefined;
  /** Everything after the transport. */
  readonly rest: string;
}

/** Transports other tools have, and how an image gets from there to one that is read here. */
const FOREIGN_TRANSPORTS = new Set(['docker', 'containers-storage', 'dir', 'ostree', 'sif']);

/**
 * Splits `TRANSPORT:REST`. A colon in a bare path or image name is no transport.
 * Fails with USAGE_INVALID for a transport that is known but not supported.
 */
export function parseLocation(text: string): ImageLocation {
  const colon = text.indexOf(':');
  const word = text.slice(0, Math.max(colon, 0));
  const transport = TRANSPORTS.find((known) => known === word);
  if (transport) return { transport, rest: text.slice(colon + 1) };
  if (FOREIGN_TRANSPORTS.has(word)) {
    throw new TraceSlimError('USAGE_INVALID', `the transport of ${text} is not supported`, {
      hint: `Copy the image to an archive first: skopeo copy ${text} docker-archive:image.tar`,
    });
  }
  return { transport: undefined, rest: text };
}

/** A path and the name of one image in the archive there. */
export interface PathAndName {
  readonly path: string;
  readonly name: string | undefined;
}

/** Every way to read `PATH[:NAME]`, the shortest path last: paths may have colons, as names do. */
export function splitPathAndName(rest: string): PathAndName[] {
  const splits: PathAndName[] = [{ path: rest, name: undefined }];
  for (let at = rest.lastIndexOf(':'); at > 0; at = rest.lastIndexOf(':', at - 1)) {
    splits.push({ path: rest.slice(0, at), name: rest.slice(at + 1) });
  }
  return splits;
}

/** The parts of a Docker image name. */
export interface ImageName {
  /** Registry host with port; `docker.io` when the name has none. */
  readonly registry: string;
  /** Path inside the registry; `library/nginx` for `nginx`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const NAME =
  /^(?:([^/@]+)\/)?([a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(\w+:[0-9a-f]{32,}))?$/;

/** Parses e.g. `nginx`, `localhost:5000/a/b:tag@sha256:...`. Undefined for what is no image name. */
export function parseImageName(text: string): ImageName | undefined {
  const match = NAME.exec(text) ?? undefined;
  if (!match) return undefined;
  const [, first, rest = '', tag, digest] = match;
  const hasRegistry = first !== undefined && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasRegistry ? first : 'docker.io';
  const path = hasRegistry || first === undefined ? rest : `${first}/${rest}`;
  const isOfficial = registry === 'docker.io' && !path.includes('/');
  return { registry, repository: isOfficial ? `library/${path}` : path, tag, digest };
}

/** The full form with registry and tag: `docker.io/library/nginx:latest`. */
export function formatImageName({ registry, repository, tag, digest }: ImageName): string {
  const suffix = digest === undefined ? `:${tag ?? 'latest'}` : `${tag ? `:${tag}` : ''}@${digest}`;
  return `${registry}/${repository}${suffix}`;
}

/** True when two names mean the same image: equal as written, or once registry and tag are filled in. */
export function isSameName(a: string, b: string): boolean {
  if (a === b) return true;
  const [nameA, nameB] = [parseImageName(a), parseImageName(b)];
  return nameA !== undefined && nameB !== undefined && formatImageName(nameA) === formatImageName(nameB);
}
