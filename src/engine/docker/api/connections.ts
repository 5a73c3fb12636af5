import type { Agent, ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Connect = (options: ClientRequestArgs, done?: (error: Error | null, stream: Duplex) => void) => Duplex;

/**
 * Keeps hold of the connections of an agent, also of those that have become streams. Gives a function that ends them all
 * with one reason, and every later one too.
 */
export function cuttable(agent: Agent): (reason: Error) => void {
  const open = new Set<Duplex>();
  let cutFor: Error | undefined;
  const made = agent as unknown as { createConnection: Connect };
  const connect = made.createConnection.bind(agent);
  made.createConnection = (options, done) => {
    const socket = cutFor ? new Socket().destroy(cutFor) : connect(options, done);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    return socket;
  };
  return (reason) => {
    cutFor = reason;
    for (const socket of open) socket.destroy(reason);
  };
}
