import { CERTIFICATE_BUNDLES } from './rules/companions.ts';

/** Where certificates are kept one by one. Source: Go crypto/x509/root_linux.go. */
const CERTIFICATE_DIRECTORIES = [
  '/etc/ssl/certs',
  '/etc/pki/tls/certs',
  '/etc/pki/ca-trust/extracted',
  '/etc/ca-certificates/extracted',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
  '/system/etc/security/cacerts',
];

/** Bundles that languages bring along. */
const LANGUAGE_BUNDLES = ['/**/certifi/cacert.pem', '/**/lib/security/cacerts'];

const PRIVATE_KEY_DIRECTORIES = ['/etc/ssl/private', '/etc/pki/tls/private'];

/** What an option keeps that names no path itself: paths and globs, as far as the image has them. */
export const INCLUDE_SETS: Readonly<Record<string, readonly string[]>> = {
  zoneinfo: ['/usr/share/zoneinfo', '/usr/share/lib/zoneinfo', '/usr/lib/zoneinfo', '/etc/localtime', '/etc/timezone'],
  'ssh-client': [
    '/usr/bin/{ssh,scp,sftp,ssh-add,ssh-agent,ssh-keygen,ssh-keyscan}',
    '/usr/lib{,exec}/{openssh,ssh}/ssh-*',
    '/etc/ssh/ssh_config',
    '/etc/ssh/ssh_config.d',
    '/etc/ssh/ssh_known_hosts',
  ],
  'distro-info': [
    '/etc/{os,lsb,system,alpine,redhat,centos,fedora,SuSE,arch,debian,gentoo}[-_]{release,version}',
    '/usr/lib/os-release',
    '/etc/issue',
    '/etc/issue.net',
  ],
  'cert-all': [...CERTIFICATE_BUNDLES, ...LANGUAGE_BUNDLES, ...CERTIFICATE_DIRECTORIES],
  'cert-bundles-only': [...CERTIFICATE_BUNDLES, ...LANGUAGE_BUNDLES],
  'cert-dirs': CERTIFICATE_DIRECTORIES,
  'cert-pk-all': [...PRIVATE_KEY_DIRECTORIES, '/etc/ssl/**/*.key', '/etc/pki/**/*.key'],
  'cert-pk-dirs': PRIVATE_KEY_DIRECTORIES,
};
