import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonAddress } from './address.ts';
import { type SocketProvider, withLastWords } from './socket-provider.ts';

type SshAddress = DaemonAddress & { kind: 'ssh' };

/**
 * Nobody can be asked for a password: there may be many connections. They share one login, which ends by itself when this
 * process could not end it.
 */
const SSH_OPTIONS = [
  'BatchMode=yes',
  'ConnectTimeout=10',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=4',
  'ControlMaster=auto',
  'ControlPersist=60',
];

/** Connections that begin together race for being the login. */
const NO_REASON = /^ControlSocket .* already exists/;

const END_TIMEOUT_MS = 5000;

/**
 * A unix socket whose connections lead to the daemon of another host the way the docker client goes there: the user's
 * own `ssh`, with its configuration, keys and known hosts, runs `docker system dial-stdio` over there for each of them.
 */
export async function openSshRelay(address: SshAddress): Promise<SocketProvider> {
  const folder = await mkdtemp(join(tmpdir(), 'trace-slim-'));
  const socketPath = join(folder, 'daemon.sock');
  const loginPath = join(folder, 'login');
  const children = new Set<ChildProcess>();
  let complaint = '';
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const child = spawn('ssh', sshArguments(address, loginPath), { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    children.add(child);
    const lastWords = withLastWords(child.stderr, NO_REASON);
    child.once('error', () => {
      complaint = 'the program ssh is not installed';
      socket.destroy();
    });
    child.once('exit', () => {
      children.delete(child);
      // What it has written last is read first.
      setImmediate(() => {
        complaint = lastWords() || complaint;
        socket.end();
      });
    });
    connectEnds(socket, child);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  server.unref();
  return {
    socketPath,
    complaint: () => complaint,
    async close() {
      server.close();
      for (const child of children) child.kill();
      await endLogin(address.host, loginPath);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function endLogin(host: string, loginPath: string): Promise<void> {
  const words = ['-o', `ControlPath=${loginPath}`, '-O', 'exit', '--', host];
  const child = spawn('ssh', words, { stdio: 'ignore', timeout: END_TIMEOUT_MS });
  await new Promise<void>((resolve) => child.once('error', () => resolve()).once('exit', () => resolve()));
}

/** A path names the socket over there. */
function sshArguments({ user, host, port, path }: SshAddress, loginPath: string): string[] {
  const client = path?.includes('podman') ? 'podman' : 'docker';
  const where = { docker: ['--host', `unix://${path}`], podman: ['--url', `unix://${path}`] }[client];
  return [
    ...[...SSH_OPTIONS, `ControlPath=${loginPath}`].flatMap((option) => ['-o', option]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '-T',
    '--',
    host,
    ...[client, ...(path === undefined ? [] : where), 'system', 'dial-stdio'].map(quoted),
  ];
}

/** The other host's shell reads the words once more. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Both directions. The daemon has sent everything when the program ends. */
function connectEnds(socket: Socket, { stdin, stdout }: ChildProcess): void {
  if (!stdin || !stdout) return;
  socket.pipe(stdin);
  stdout.pipe(socket, { end: false });
  socket.on('error', () => stdin.destroy());
  socket.on('close', () => stdin.destroy());
  for (const stream of [stdin, stdout]) stream.on('error', () => socket.destroy());
}
