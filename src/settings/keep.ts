/** What the user wants kept, dropped or changed besides what was seen. */
export interface KeepSettings {
  /** Each with the option it came from, for `explain`. Globs (picomatch) and plain paths; directories are taken whole. */
  readonly includes: readonly IncludeItem[];
  /** Globs of paths to leave out even when they were seen. */
  readonly excludes: readonly string[];
  /** Rules that keep nothing until a replay has missed something. */
  readonly disabledRules?: readonly string[];
  /** Owners and modes that paths of the slim image get; absent: everything as in the image. */
  readonly permissions?: readonly PathPermissions[];
}

export interface IncludeItem {
  readonly option: string;
  /**
   * `path`: file, directory (whole) or glob. `entry`: a path without what is below it. `binary`: with the libraries it
   * needs. `executable`: by name, on PATH. `binaries-in`: every program and library below a directory. `node-package`: by
   * name, wherever it is installed. `node-app`: a directory of every application of a framework, `next/build`. `set`: the
   * name of one of ours. `layers`: what the newest layers brought, by their number or since an instruction. `shell` and
   * `workdir`: value unused.
   */
  readonly kind:
    | 'path'
    | 'entry'
    | 'binary'
    | 'executable'
    | 'shell'
    | 'binaries-in'
    | 'workdir'
    | 'node-package'
    | 'node-app'
    | 'set'
    | 'layers';
  /** As typed (UTF-8 text). */
  readonly value: string;
}

/** What is changed of a path (or of what a glob matches) in the slim image; what is absent stays. */
export interface PathPermissions {
  readonly option: string;
  /** As typed (UTF-8 text). */
  readonly path: string;
  /** 0 to 0o7777. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}
