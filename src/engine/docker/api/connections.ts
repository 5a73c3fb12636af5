import type { Agent, ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

type Connect = (options: ClientRequestArgs, done: (error: Error | null, stream?: Duplex) => void) => Duplex | undefined;

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
    if (cutFor) {
      process.nextTick(done, cutFor);
      return undefined;
    }
    const socket = connect(options, done);
    if (!socket) return undefined;
    open.add(socket);
    // Whoever uses it hears of its end too; one that is idle has nobody.
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    return socket;
  };
  return (reason) => {
    cutFor = reason;
    for (const socket of open) socket.destroy(reason);
  };
}

/** Why a connection has ended that an answer was read from; the answer itself only says that it broke off. */
export function endOf(answer: object): Error | undefined {
  const { socket } = answer as { socket?: Duplex };
  return socket?.errored ?? undefined;
}
