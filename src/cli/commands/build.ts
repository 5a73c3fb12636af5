import {
  type BuildOptions,
  COMMON_OPTIONS,
  ENGINE_OPTIONS,
  PROBE_OPTIONS,
  RESULT_OPTIONS,
  RUN_OPTIONS,
  TRACE_OPTIONS,
  VERIFY_OPTIONS,
} from '../build-options.ts';
import { BUILD_CHECK_OPTIONS, CHECK_OPTIONS } from '../check-options.ts';
import { ORIGIN_OPTIONS } from '../compose-options.ts';
import { CONTAINER_OPTIONS } from '../container-options.ts';
import { EDIT_OPTIONS } from '../edit-options.ts';
import { KEEP_OPTIONS } from '../keep-options.ts';
import { showReport } from '../show-report.ts';
import type { CommandSpec } from './spec.ts';

export const build: CommandSpec<BuildOptions> = {
  name: 'build',
  aliases: ['slim', 'b'],
  summary: 'make a slim image and verify it',
  description: `Run an image under a tracer while probes exercise it, keep what it needs, and prove that the slim image
gives the same answers. The slim image is written only when it does.`,
  examples: [
    [
      'trace-slim build nginx:alpine',
      'an image of Docker or Podman: GET / on every exposed port, makes nginx.slim:alpine',
    ],
    ['trace-slim build nginx.tar', 'an archive, without any daemon: writes nginx.slim.tar'],
    ["trace-slim build oci:site --http-probe-cmd /login --exec 'site check'", 'more requests, and a command'],
    ['trace-slim build az.tar --exec-file probes.sh -o oci-archive:az.oci', 'a command line tool'],
    ['trace-slim build rootfs:/srv/tree --entrypoint /bin/app --expose 8080', 'a folder instead of an image'],
  ],
  arguments: [['[source]', 'an image name, docker-archive:FILE, oci:DIR, oci-archive:FILE, rootfs:DIR or a bare path']],
  groups: [
    RESULT_OPTIONS,
    PROBE_OPTIONS,
    KEEP_OPTIONS,
    RUN_OPTIONS,
    CONTAINER_OPTIONS,
    ORIGIN_OPTIONS,
    EDIT_OPTIONS,
    ENGINE_OPTIONS,
    VERIFY_OPTIONS,
    CHECK_OPTIONS,
    BUILD_CHECK_OPTIONS,
    TRACE_OPTIONS,
    COMMON_OPTIONS,
  ],
  acceptsSlimFlags: true,
  async run([source], console, session) {
    const { readBuildSettings } = await import('../build-settings.ts');
    const settings = await readBuildSettings(source, console.options, { env: session.env, notice: console.notice });
    const { buildSlim } = await session.pipeline();
    const shown = { source: settings.source, reportPath: settings.reportPath, junit: console.options.junit };
    return showReport((context) => buildSlim(settings, context), shown, console, session);
  },
};
