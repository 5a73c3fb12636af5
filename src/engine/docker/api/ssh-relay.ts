import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonAddress } from './address.ts';
import { type SocketProvider, withLastWords } from './socket-provider.ts';

type SshAddress = DaemonAddress & { kind: 'ssh' };

/** Nobody can be asked for a password: there may be many connections. */
const SSH_OPTIONS = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=15', 'ServerAliveCountMax=4'];

/**
 * A unix socket whose connections lead to the daemon of another host the way the docker client goes there: the user's
 * own `ssh`, with its configuration, keys and known hosts, runs `docker system dial-stdio` over there for each of them.
 */
export async function openSshRelay(address: SshAddress): Promise<SocketProvider> {
  const folder = await mkdtemp(join(tmpdir(), 'trace-slim-'));
  const socketPath = join(folder, 'daemon.sock');
  const children = new Set<ChildProcess>();
  let complaint = () => '';
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const child = spawn('ssh', sshArguments(address), { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    children.add(child);
    child.once('close', () => children.delete(child));
    child.once('error', () => socket.destroy());
    const lastWords = withLastWords(child.stderr);
    complaint = () => lastWords() || (child.pid === undefined ? 'the program ssh is not installed' : '');
    connectEnds(socket, child);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  server.unref();
  return {
    socketPath,
    complaint: () => complaint(),
    async close() {
      server.close();
      for (const child of children) child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A path names the socket over there. */
function sshArguments({ user, host, port, path }: SshAddress): string[] {
  const client = path?.includes('podman') ? 'podman' : 'docker';
  const where = { docker: ['--host', `unix://${path}`], podman: ['--url', `unix://${path}`] }[client];
  return [
    ...SSH_OPTIONS.flatMap((option) => ['-o', option]),
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

/** Both directions; either end may say that it has sent everything. */
function connectEnds(socket: Socket, { stdin, stdout }: ChildProcess): void {
  if (!stdin || !stdout) return;
  socket.pipe(stdin);
  stdout.pipe(socket);
  socket.on('error', () => stdin.destroy());
  socket.on('close', () => stdin.destroy());
  for (const stream of [stdin, stdout]) stream.on('error', () => socket.destroy());
}
