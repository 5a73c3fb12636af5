import type { Readable } from 'node:stream';

/** `sha256:` and 64 hex digits, over the bytes as stored (possibly compressed). */
export type Digest = `sha256:${string}`;
/** The digest of a layer's uncompressed tar. */
export type DiffId = `sha256:${string}`;

/** OCI image-spec and Docker platform words. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** The `config` part of an image configuration. Keys not listed here are kept as they came. */
export interface RuntimeConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, object> | null;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  /** Docker's own, in seconds. */
  StopTimeout?: number;
  Healthcheck?: Healthcheck | null;
  Shell?: string[];
  OnBuild?: string[] | null;
  [other: string]: unknown;
}

/** Docker's HEALTHCHECK; times in nanoseconds. `Test[0]` is `CMD`, `CMD-SHELL` or `NONE`. */
export interface Healthcheck {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  Retries?: number;
}

export interface History {
  created?: string;
  created_by?: string;
  comment?: string;
  author?: string;
  empty_layer?: boolean;
}

/** An image configuration (OCI image-spec config.md). Keys not listed here are kept as they came. */
export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string;
  created?: string;
  config?: RuntimeConfig;
  rootfs: { type: 'layers'; diff_ids: DiffId[] };
  history?: History[];
  [other: string]: unknown;
}

/** One layer of an image, oldest first in {@link Image.layers}. */
export interface Layer {
  readonly diffId: DiffId;
  /** Size of the blob as stored. */
  readonly sizeBytes: number;
  /** Size of the uncompressed tar, where that is known without reading it. */
  readonly tarSizeBytes?: number;
  /**
   * The uncompressed tar. The stream fails with DIGEST_MISMATCH at its end when the blob's digest or the diffID differs,
   * so nothing read from it may be trusted before it has ended.
   */
  open(): Readable;
}

/** An image as its archive holds it. Whoever opened it closes it. */
export interface Image extends AsyncDisposable {
  /** As the user named it, e.g. `docker-archive:nginx.tar`. */
  readonly source: string;
  /** What the source turned out to be, and the file or directory it is in. */
  readonly location: {
    readonly transport: 'docker-archive' | 'oci' | 'oci-archive' | 'rootfs' | 'docker-daemon';
    /** A file or directory of this host; for `docker-daemon` the image's id. */
    readonly path: string;
  };
  /** Names of the image inside its archive, e.g. `nginx:latest`. */
  readonly names: readonly string[];
  /** Digest of the manifest where the format has one, else of the configuration (Docker's image ID). */
  readonly digest: Digest;
  readonly config: ImageConfig;
  readonly platform: Platform;
  /** For an image of a daemon its layers are read from there, in whole, when the first of them is opened. */
  readonly layers: readonly Layer[];
  /** Set for `rootfs:` sources: the image is this directory of this host and has no layers. */
  readonly rootfsDirectory?: string;
}
