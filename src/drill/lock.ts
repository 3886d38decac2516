import { createServer } from 'node:net';
import { errnoOf, GuardError } from '../errors.ts';

/** An abstract socket (unix(7)): it has no file, and is gone with the process that holds it, however that ends. */
const NAME = '\0threadguard-drill';

/** Makes this the only drill of this machine, or of this container; refuses where another one is under way. */
export function lockDrill(name: string = NAME): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      const isTaken = errnoOf(error) === 'EADDRINUSE';
      const message = isTaken ? 'another drill is under way here' : `cannot lock the drill (${errnoOf(error)})`;
      const hint = isTaken ? 'it takes some ten seconds: try again then' : 'free some descriptors (ulimit -n)';
      reject(new GuardError('two-drills', message, { hint, cause: error }));
    });
    server.listen(name, () => resolve(() => new Promise((closed) => void server.close(() => closed()))));
  });
}
