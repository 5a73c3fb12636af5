import type { OptionGroup } from './option-rows.ts';

/** What is put around the application while it runs. Nothing of it gets into the slim image. */
export const CONTAINER_OPTIONS: OptionGroup = {
  heading: 'Around it while it runs (never in the slim image):',
  rows: [
    {
      name: 'mount',
      kind: 'list',
      value: 'mount',
      text: 'FILE_OR_FOLDER:PATH[:ro], or as docker: type=bind,source=…,target=…,readonly',
    },
    { name: 'volume', kind: 'list', value: 'volume', text: 'NAME:PATH, FOLDER:PATH[:ro] or PATH', rare: true },
    { name: 'tmpfs', kind: 'list', value: 'path', text: 'folder in memory: PATH[:size=64m,mode=1777]', rare: true },
    { name: 'network', kind: 'value', value: 'name', text: 'none, host, or a network of the daemon' },
    { name: 'publish-port', kind: 'list', value: 'port', text: '[[ADDRESS:]HOSTPORT:]PORT[/udp]', rare: true },
    { name: 'hostname', kind: 'value', value: 'name', text: 'instead of "container"', rare: true },
    { name: 'etc-hosts-map', kind: 'list', value: 'name:ip', text: 'more lines in /etc/hosts', rare: true },
    { name: 'add-host', kind: 'list', value: 'name:ip', text: 'the same as --etc-hosts-map', rare: true },
    { name: 'container-dns', kind: 'list', value: 'ip', text: "instead of the host's name servers", rare: true },
    { name: 'container-dns-search', kind: 'list', value: 'domain', text: 'where names are looked up', rare: true },
    { name: 'link', kind: 'list', value: 'container[:alias]', text: 'reach another container by name', rare: true },
    { name: 'label', kind: 'list', value: 'name=value', text: 'of the container', rare: true },
    { name: 'cap-add', kind: 'list', value: 'capability', text: 'e.g. NET_ADMIN, or ALL', rare: true },
    { name: 'shm-size', kind: 'value', value: 'size', text: 'of /dev/shm (64m)', rare: true },
    { name: 'cro-shm-size', kind: 'value', value: 'size', text: 'the same as --shm-size', rare: true },
    { name: 'cro-sysctl', kind: 'list', value: 'name=value', text: 'kernel parameter', rare: true },
    { name: 'cro-runtime', kind: 'value', value: 'name', text: 'OCI runtime: runc, crun or another one', rare: true },
    { name: 'tty', kind: 'on', text: 'a terminal for the application', rare: true },
    { name: 'interactive', kind: 'on', text: 'standard input stays open', rare: true },
  ],
};

/** Values of these options as commander hands them over; absent when not given. */
export interface ContainerOptions {
  readonly mount?: readonly string[];
  readonly volume?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly network?: string;
  readonly publishPort?: readonly string[];
  readonly hostname?: string;
  readonly etcHostsMap?: readonly string[];
  readonly addHost?: readonly string[];
  readonly containerDns?: readonly string[];
  readonly containerDnsSearch?: readonly string[];
  readonly link?: readonly string[];
  readonly label?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly shmSize?: string;
  readonly croShmSize?: string;
  readonly croSysctl?: readonly string[];
  readonly croRuntime?: string;
  readonly tty?: boolean;
  readonly interactive?: boolean;
}
