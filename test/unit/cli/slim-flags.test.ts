import { describe, expect, it } from 'vitest';
import { build } from '../../../src/cli/commands/build.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { SLIM_THEMES } from '../../../src/cli/slim-flag-table.ts';
import type { BuildSettings } from '../../../src/settings.ts';
import { comingFromSlim } from '../../support/coming-from-slim.ts';
import { reportOf } from '../../support/report.ts';
import { type FakeSession, fakeSession } from '../../support/session.ts';

/** As SlimToolkit's help prints them. */
const SLIM_NAMES = `
  target pull docker-config-path registry-account registry-secret show-plogs command-params-file
  include-path include-path-file include-bin include-bin-file include-exe include-exe-file include-dir-bins include-shell
  include-workdir include-last-image-layers include-app-image-all app-image-start-instruction
  app-image-start-instruction-group app-image-dockerfile include-paths-creport-file include-healthcheck
  include-distro-info include-oslibs-net include-ssh-client include-zoneinfo include-cert-all include-cert-bundles-only
  include-cert-dirs include-cert-pk-all include-cert-pk-dirs include-new include-node-package
  include-app-next-dir include-app-next-build-dir include-app-next-dist-dir include-app-next-static-dir
  include-app-next-nodemodules-dir include-app-nuxt-dir include-app-nuxt-build-dir include-app-nuxt-dist-dir
  include-app-nuxt-static-dir include-app-nuxt-nodemodules-dir
  preserve-path preserve-path-file keep-perms path-perms path-perms-file
  exclude-pattern exclude-varlock-files exclude-mounts keep-tmp-artifacts
  http-probe http-probe-off http-probe-cmd http-probe-cmd-file http-probe-cmd-upload http-probe-ports http-probe-full
  http-probe-start-wait http-probe-retry-count http-probe-retry-wait http-probe-retry-off http-probe-concurrency
  http-probe-client-timeout http-probe-client-timeout-crawl http-probe-crawl http-crawl-max-depth
  http-crawl-max-page-count http-crawl-concurrency http-max-concurrent-crawlers http-probe-apispec
  http-probe-apispec-file http-probe-exit-on-failure http-probe-exit-on-failure-count http-probe-fail-on-status-5xx
  http-probe-fail-on-status-4xx http-probe-proxy-endpoint http-probe-proxy-port
  exec exec-file host-exec host-exec-file continue-after
  cmd entrypoint env env-file user workdir hostname expose publish-port publish-exposed-ports mount volume label link
  network etc-hosts-map container-dns container-dns-search cro-runtime cro-host-config-file cro-sysctl cro-shm-size
  run-target-as-user show-clogs
  rta-source-ptrace rta-onbuild-base-image enable-mondel use-local-mounts use-sensor-volume sensor-ipc-mode
  sensor-ipc-endpoint
  tag image-overrides image-build-engine image-build-arch show-blogs
  new-entrypoint new-cmd new-expose new-workdir new-env new-volume new-label remove-expose remove-env remove-label
  remove-volume
  dockerfile dockerfile-context tag-fat cbo-add-host cbo-build-arg cbo-cache-from cbo-label cbo-target cbo-network
  delete-generated-fat-image
  compose-file target-compose-svc target-compose-svc-image target-compose-svc-no-ports compose-svc-start-wait
  dep-include-compose-svc dep-exclude-compose-svc dep-exclude-compose-svc-all dep-include-compose-svc-deps
  dep-include-target-compose-svc-deps compose-net compose-env-nohost compose-env-file compose-project-name
  compose-workdir container-probe-compose-svc prestart-compose-svc poststart-compose-svc prestart-compose-wait-exit
  target-kube-workload target-kube-workload-namespace target-kube-workload-container target-kube-workload-image
  kube-manifest-file kube-kubeconfig-file
  copy-meta-artifacts remove-file-artifacts obfuscate-metadata obfuscate-app-package-names
`
  .trim()
  .split(/\s+/);

const GLOBAL_NAMES = `
  report check-version debug verbose quiet log-level log log-format output-format no-color tls tls-verify tls-cert-path
  host crt-connection crt-context crt-api-version state-path in-container archive-state runtime
`
  .trim()
  .split(/\s+/);

const FLAGS = SLIM_THEMES.flatMap(({ flags }) => flags);
const OWN = build.groups
  .flatMap(({ rows }) => rows)
  .flatMap(({ name, kind }) => (kind === 'off' ? [name, `no-${name}`] : [name]));

/** What a command line comes to: the settings, or what went wrong. */
async function outcomeOf(
  argv: readonly string[],
): Promise<{ session: FakeSession; settings?: BuildSettings; error?: unknown }> {
  let settings: BuildSettings | undefined;
  const session = fakeSession({
    buildSlim: async (given) => {
      settings = given;
      return reportOf();
    },
  });
  try {
    await runProgram(argv, session);
  } catch (error) {
    return { session, error };
  }
  return settings ? { session, settings } : { session };
}

describe("SlimToolkit's flags", () => {
  it('are each in exactly one class', () => {
    expect(FLAGS.map(({ name }) => name).sort()).toEqual([...SLIM_NAMES, ...GLOBAL_NAMES].sort());
  });

  it.each(FLAGS.map(({ name, effect }) => [name, effect] as const))(
    '--%s is %s, as the options of build say',
    (name, effect) => {
      expect(OWN.includes(name)).toBe(effect === 'honoured');
    },
  );

  it.each(FLAGS.filter(({ effect }) => effect !== 'honoured').map((flag) => [flag.name, flag] as const))(
    '--%s is understood, whatever becomes of it',
    async (name, { kind, effect, because }) => {
      const { session, error } = await outcomeOf(['build', 'x.tar', `--${name}=${kind === 'on' ? 'true' : '1'}`]);
      if (effect === 'refused') expect(error).toMatchObject({ code: 'USAGE_INVALID', hint: because });
      else
        expect({ error, stderr: session.printed.stderr }).toEqual({
          stderr: `notice: --${name} is ignored: ${because}\n`,
        });
    },
  );

  it('are all in the document, which is made of the same data', async () => {
    await expect(comingFromSlim()).toMatchFileSnapshot('../../../docs/coming-from-slim.md');
  });

  it('switch off what would be refused switched on', async () => {
    expect((await outcomeOf(['build', 'x.tar', '--obfuscate-metadata=false'])).error).toBeUndefined();
  });
});

describe("SlimToolkit's way of writing a command line", () => {
  it.each([
    [['--debug', 'build', '--target', 'x.tar', '--http-probe=false']],
    [['--log-level', 'build', 'slim', '--target=x.tar', '--http-probe-off']],
    [['--report=off', '--quiet', 'b', '-target', 'x.tar', '-http-probe=false']],
    [['--state-path', '/tmp/state', '--verbose', 'build', '--pull', '--http-probe=f', 'x.tar']],
  ])('is understood: %j', async (argv) => {
    const { settings, error } = await outcomeOf(argv);
    expect(error).toBeUndefined();
    expect(settings).toMatchObject({
      source: 'x.tar',
      probes: { http: { enabled: false } },
      engine: { pull: 'missing' },
    });
  });

  it('asks for JSON by --output-format', async () => {
    const { session } = await outcomeOf(['--output-format', 'json', 'build', 'x.tar']);
    expect(JSON.parse(session.printed.stdout)).toEqual(reportOf());
    expect((await outcomeOf(['--output-format=json', 'build', 'x.tar'])).session.printed.stderr).toBe('');
  });

  it('leaves operands behind -- alone', async () => {
    expect((await outcomeOf(['build', '--', '-target'])).settings).toMatchObject({ source: '-target' });
  });
});
