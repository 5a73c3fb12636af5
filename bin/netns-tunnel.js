// Runs inside a container's network namespace (but with the host's file system) and carries connections from unix
// sockets to TCP ports on that namespace's loopback. Standard input names ports, one a line; each is answered with the
// same line once `<port>.sock` in the working directory accepts connections. Ends when standard input does.
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

for await (const line of createInterface({ input: process.stdin })) {
  const port = Number(line);
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port, host: 'localhost', allowHalfOpen: true, autoSelectFamily: true });
    client.pipe(target).pipe(client);
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroySoon());
  });
  server.listen(`${port}.sock`, () => process.stdout.write(`${port}\n`));
}
process.exit(0);
