import type { Readable } from 'node:stream';
import type { Image, Platform, RuntimeConfig } from '../image/types.ts';
import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { ContainerSettings, EngineSettings, FatBuildSettings, ServicesSettings } from '../settings.ts';

/**
 * Runs images. An engine may be on another machine: nothing here hands out a path of the engine's host, and everything
 * that reads an image's files goes through {@link RootFs} and {@link OpenedImage.pack}.
 */
export interface Engine extends AsyncDisposable {
  readonly name: EngineName;
  /** A folder of this host for files of this run. Goes away with the engine, also after a crash (`clean`). */
  readonly scratchDirectory: string;
  /**
   * Makes an image ready to run and to read. Layers are unpacked at most once per machine; those of a `temporary` image
   * are forgotten with it.
   */
  open(image: Image, options: { signal: AbortSignal; temporary?: boolean }): Promise<OpenedImage>;
  /**
   * Whether a container can be made with these settings. Gives what this engine does otherwise than one would expect.
   * Absent: everything can be done. Errors: USAGE_INVALID.
   */
  check?(settings: ContainerSettings): Promise<readonly string[]>;
  /** Where the engine keeps images by name. Absent: it has no such place. */
  readonly store?: ImageStore;
  /**
   * Makes ready what every container needs beside it from then on. Absent: it cannot. Errors: those of
   * {@link ImageStore.find} and {@link ImageStore.build}.
   */
  prepare?(services: ServicesSettings, options: FindOptions): Promise<void>;
}

export type EngineName = 'local' | 'docker' | 'podman';

/** The images an engine knows by name. */
export interface ImageStore {
  /**
   * An image by name or id, pulled according to `pull`. Errors: IMAGE_NOT_FOUND, IMAGE_ACCESS_DENIED, NETWORK_FAILED,
   * PLATFORM_UNSUPPORTED.
   */
  find(name: string, options: FindOptions): Promise<Image>;
  /** Builds an image. Errors: IMAGE_INVALID with the last lines of the build, NETWORK_FAILED and the like. */
  build(settings: FatBuildSettings, options: FindOptions): Promise<Image>;
  /**
   * Puts an image into the store under all the names, or under none when anything fails. Gives its id. An image that was
   * opened in this run is not sent again.
   */
  publish(image: Image, names: readonly string[], options: { signal: AbortSignal }): Promise<string>;
}

export interface FindOptions {
  readonly pull: EngineSettings['pull'];
  readonly platform?: Platform | undefined;
  readonly signal: AbortSignal;
  /** One line at a time: what is being pulled, and how far it is. */
  readonly progress: (text: string) => void;
}

/** An image that an engine has ready. */
export interface OpenedImage extends AsyncDisposable {
  readonly image: Image;
  readonly rootfs: RootFs;
  /**
   * The given paths of the pristine image as one layer tar: owners, modes, times, xattrs and hard links as in the
   * image, in the order given, nothing recursed into. Parents must come before what is in them.
   */
  pack(paths: readonly ImagePath[], options: { signal: AbortSignal }): Readable;
  /** Creates and starts a container. It is destroyed by its disposal. */
  start(spec: ContainerSpec, options: { signal: AbortSignal }): Promise<Container>;
}

export interface ContainerSpec {
  /** The image's own configuration with the user's overrides applied. */
  readonly config: RuntimeConfig;
  /**
   * The container's command line. Gets the folder where the toolkit is found inside the container, and the folder there
   * that programs may write trace logs to.
   */
  command(toolkit: ToolkitPaths): readonly string[];
  readonly settings: ContainerSettings;
  /** Extra environment entries, `NAME=value`. */
  readonly env?: readonly string[];
  /** A tracer will be executed in it: see {@link ExecSpec.asTracer}. */
  readonly hasTracer?: boolean;
  /** Whom programs will be executed as in it besides its own user: see {@link ExecPlace}. */
  readonly execUsers?: readonly string[];
}

/** Absolute paths inside the container, outside of the image's own file system. */
export interface ToolkitPaths {
  /** Command prefix that runs a toolkit program in any image, e.g. `[".../ld.so", "--library-path", ".../lib"]`. */
  readonly launcher: readonly string[];
  /** Folder of the toolkit's programs: `cat`, `dd`, `find`, `setpriv`, `socat` (where this host has it), `tar` and those below. */
  readonly bin: string;
  readonly strace: string;
  readonly sh: string;
  readonly sleep: string;
  /**
   * Command prefix that gives up what a tracer is allowed and the application is not. The tracer needs it to look into
   * processes that change their user. Empty where there is nothing to give up.
   */
  readonly unprivileged: readonly string[];
  /** Accesses by the program of that prefix are not the application's: its executable is below this path. */
  readonly shim: ImagePath;
  /** Writable by every user of the container; files here are read back by {@link Container.openLog}. */
  readonly logs: string;
  /** Everything at or below this path is ours: accesses to it are not the application's. */
  readonly prefix: ImagePath;
}

/** As whom and where a program is executed in a container. */
export interface ExecPlace {
  /** As in USER of an image, looked up in the image's own account files. Absent: the container's. Errors: USER_NOT_FOUND. */
  readonly user?: string;
  /** Absolute path. Absent: the container's. */
  readonly workingDirectory?: string;
}

export interface ExecSpec extends ExecPlace {
  /** Gets the toolkit as the user it runs as may use it. */
  command(toolkit: ToolkitPaths): readonly string[];
  readonly stdin?: Buffer | string;
  readonly env?: readonly string[];
  /** Run as root with what a tracer is allowed, whoever the container's user is. */
  readonly asTracer?: boolean;
}

/** Exit status as a shell gives it: 128 + n for a signal n. Output is bounded; `truncated` says when it was cut. */
export interface ExecResult {
  readonly exitStatus: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
  /** The kernel has killed something of it for lack of memory. */
  readonly outOfMemory?: boolean;
}

/** What a server of a container listens on: a TCP port, or the absolute path of a unix socket there. */
export type Listener = number | string;

/** Where a {@link Listener} is reached from this process. */
export type Endpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** A running (or ended) container. */
export interface Container extends AsyncDisposable {
  readonly id: string;
  readonly toolkit: ToolkitPaths;
  /** Resolves when the container's first process has ended; never rejects. */
  readonly ended: Promise<ExecResult>;
  /** Undefined while it runs. Throws what has happened to an engine that cannot tell any more. */
  result(): ExecResult | undefined;
  /** What the application has printed so far, stdout and stderr in the order they came, last `maxBytes` of it. */
  output(maxBytes: number): string;
  exec(spec: ExecSpec, options: { signal: AbortSignal }): Promise<ExecResult>;
  isListening(listener: Listener): Promise<boolean>;
  /** Errors: ENGINE_FAILED; that nothing listens there shows when somebody connects. */
  endpoint(listener: Listener): Promise<Endpoint>;
  /** False when the container's first process is no longer being traced although it runs. */
  isTraced(): Promise<boolean>;
  /**
   * Sends a signal, by its name without `SIG`, to the container's first process. False, and nothing is sent, when that
   * would do nothing at all on it. One that has ended gets none.
   */
  signal(name: string): Promise<boolean>;
  /** Sends the image's stop signal, waits up to `timeoutMs` or until aborted, then kills. Resolves once it has ended. */
  stop(options: { timeoutMs: number; signal?: AbortSignal }): Promise<ExecResult>;
  /** Names of the files in the log folder. */
  logNames(): Promise<string[]>;
  /** Current size of a log in bytes; 0 when it does not exist. */
  logSize(name: string): Promise<number>;
  openLog(name: string): Readable;
}
