import type { Container, ContainerCreateOptions } from 'dockerode';
import type { ServiceSettings, ServicesSettings } from '../../settings.ts';
import type { FindOptions, ImageStore } from '../types.ts';
import { asked } from './api/errors.ts';
import { surroundings } from './container-body.ts';
import type { DaemonRun } from './run.ts';
import { untilReady } from './service-ready.ts';

interface PreparedService {
  readonly settings: ServiceSettings;
  /** Image id. */
  readonly image: string;
  /** Ports that were open when it was ready the last time. */
  ports: readonly number[] | undefined;
}

/**
 * The services of a run: containers in a network of the run, and their volumes. They begin anew for each container of the
 * application, so that every run finds the same state. All carry the labels of the run, and go with it.
 */
export class Services {
  readonly #run: DaemonRun;
  readonly #settings: ServicesSettings;
  readonly #services: readonly PreparedService[];
  readonly #progress: (text: string) => void;
  #containers: Container[] = [];
  #volumes: string[] = [];

  private constructor(
    run: DaemonRun,
    settings: ServicesSettings,
    services: readonly PreparedService[],
    progress: (text: string) => void,
  ) {
    this.#run = run;
    this.#settings = settings;
    this.#services = services;
    this.#progress = progress;
  }

  /** Finds or builds the services' images and makes the network; nothing is started yet. */
  static async prepare(
    run: DaemonRun,
    settings: ServicesSettings,
    options: FindOptions & { store: ImageStore },
  ): Promise<Services> {
    const { store, signal, progress } = options;
    const services: PreparedService[] = [];
    for (const service of settings.services) {
      const finding = service.build ? store.build(service.build, options) : store.find(service.image, options);
      await using image = await finding;
      services.push({ settings: service, image: image.location.path, ports: undefined });
    }
    if (settings.makesNetwork) {
      const body = { Name: settings.network, Labels: { ...run.labels }, CheckDuplicate: true };
      await asked(run.daemon.docker.createNetwork(body), `making the network ${settings.network}`, { signal });
    }
    return new Services(run, settings, services, progress);
  }

  /**
   * Starts all services from nothing, one after the other as soon as those before are ready. Errors: APPLICATION_DIED,
   * NOT_READY with the last lines of the one that is not, ENGINE_FAILED and the like.
   */
  async renew(signal: AbortSignal): Promise<void> {
    await this.#remove();
    const { docker } = this.#run.daemon;
    for (const name of this.#settings.volumes) {
      await asked(docker.createVolume({ Name: name, Labels: { ...this.#run.labels } }), `making the volume ${name}`);
      this.#volumes.push(name);
    }
    for (const service of this.#services) {
      const { name, until } = service.settings;
      this.#progress(`starting the service ${name}`);
      const doing = `starting the service ${name}`;
      const container = await asked(docker.createContainer(this.#bodyOf(service)), doing, { signal });
      this.#containers.push(container);
      await asked(container.start(), doing, { signal });
      service.ports = await untilReady(container, { name, until, ports: service.ports, signal });
    }
  }

  async #remove(): Promise<void> {
    for (const container of this.#containers.splice(0).reverse()) {
      await asked(container.remove({ force: true, v: true }), 'removing a service');
    }
    for (const name of this.#volumes.splice(0)) {
      await asked(this.#run.daemon.docker.getVolume(name).remove({ force: true }), `removing the volume ${name}`);
    }
  }

  #bodyOf({ settings, image }: PreparedService): ContainerCreateOptions {
    const { name, run } = settings;
    const { Entrypoint, Cmd, User, WorkingDir, ExposedPorts, Healthcheck } = run.config;
    return {
      name: `trace-slim-${this.#run.id}-service-${name}`,
      Image: image,
      Env: [...run.env],
      ...(Entrypoint ? { Entrypoint } : {}),
      ...(Cmd ? { Cmd } : {}),
      ...(User === undefined ? {} : { User }),
      ...(WorkingDir === undefined ? {} : { WorkingDir }),
      ...(Healthcheck ? { Healthcheck } : {}),
      ...surroundings({ settings: run.container, labels: this.#run.labels, exposedPorts: ExposedPorts }),
    };
  }
}
