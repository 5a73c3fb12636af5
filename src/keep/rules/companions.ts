import picomatch from 'picomatch';
import { parentOf, toImagePath } from '../../rootfs/path.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { Rule } from '../rule.ts';

/** Files that another file reads at some time, so that a trace may or may not have seen it. */
interface Companion {
  readonly id: string;
  readonly because: string;
  /** Of the kept path. */
  readonly when: RegExp;
  /** Absolute, or relative to the directory of the kept path; the last component may be a glob. */
  readonly keep: readonly string[];
}

/** The files that distributions, Go and OpenSSL agree on. Source: Go crypto/x509/root_linux.go; OpenSSL OPENSSLDIR. */
export const CERTIFICATE_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/ssl/cert.pem',
  '/etc/ssl/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/tls/cert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/usr/lib/ssl/certs',
  '/usr/lib/ssl/cert.pem',
  '/usr/local/ssl/cert.pem',
  '/usr/share/ssl/cert.pem',
];

const COMPANIONS: readonly Companion[] = [
  {
    id: 'certificates',
    because: 'certificate authorities for',
    when: /\/lib(?:ssl|gnutls|nss3|mbedtls|wolfssl|rustls)[-\d.]*\.so(?:\.|$)/,
    keep: CERTIFICATE_BUNDLES,
  },
  {
    id: 'openssl',
    because: 'configuration of',
    when: /\/libcrypto[-\d.]*\.so\.[\d.]+$/,
    keep: ['/etc/ssl/openssl.cnf', '/usr/lib/ssl/openssl.cnf', '/etc/pki/tls/openssl.cnf'],
  },
  {
    id: 'resolver',
    because: 'configuration of the resolver in',
    when: /\/libc(?:\.so\.6|-2\.\d+\.so)$/,
    keep: ['/etc/host.conf', '/etc/gai.conf'],
  },
  {
    id: 'ld-so-conf',
    because: 'included by',
    when: /^\/etc\/ld\.so\.conf$/,
    keep: ['./ld.so.conf.d/*.conf'],
  },
  {
    id: 'python-certifi',
    because: 'certificate authorities for',
    when: /\/certifi\/(?:__init__|core)\.py$/,
    keep: ['./cacert.pem'],
  },
];

/** Each companion as a rule. */
export const companionRules: readonly Rule[] = COMPANIONS.map(({ id, because, when, keep }) => ({
  id,
  because,
  follow: ({ path }, _, { rootfs }) =>
    when.test(path) ? keep.flatMap((name) => expand(rootfs, toImagePath(rooted(name, parentOf(path))))) : [],
}));

/** A static program may bring its own TLS library, as programs in Go and Rust do. */
export const staticCertificates: Rule = {
  id: 'static-certificates',
  because: 'certificate authorities for a TLS library that may be part of',
  follow: ({ mode, path }, { elf }) =>
    elf?.needed.length === 0 && (mode & 0o111) !== 0 && !path.includes('.so') ? CERTIFICATE_BUNDLES : [],
};

function rooted(name: string, directory: string): string {
  return name.startsWith('/') ? name : `${directory}/${name}`;
}

function expand(rootfs: RootFs, pattern: string): string[] {
  if (!pattern.includes('*')) return [pattern];
  const directory = resolvePath(rootfs, parentOf(toImagePath(pattern))).path;
  const matches = picomatch(pattern.slice(pattern.lastIndexOf('/') + 1));
  return rootfs
    .childrenOf(directory)
    .filter((name) => matches(name))
    .map((name) => `${directory}/${name}`);
}
