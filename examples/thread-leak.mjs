// A program with a real leak: every "request" starts a thread that waits for ever, as a pool without a
// bound does behind a slow backend. It calls pthread_create through koffi, so no compiler is needed.
//
//   npx threadguard run -- node examples/thread-leak.mjs
//
// It never holds more than LIMIT threads, with or without a guard.
import koffi from 'koffi';

const LIMIT = 6000;
const BATCH = 100;
const EVERY_MS = 50;

const libc = koffi.load('libc.so.6');
const create = libc.func('int pthread_create(_Out_ ulong *thread, void *attr, void *start, void *arg)');
const setName = libc.func('int pthread_setname_np(ulong thread, const char *name)');
const pause = libc.symbol('pause');

let threads = 0;
let refusals = 0;
const timer = setInterval(() => {
  for (let i = 0; i < BATCH && threads < LIMIT; i += 1) {
    const id = new BigUint64Array(1);
    if (create(id, null, pause, null) === 0) {
      threads += 1;
      setName(id[0], `request-${threads}`);
    } else {
      refusals += 1;
    }
  }
  if (refusals > 0 && refusals % 1000 < BATCH)
    console.error(`leak: ${refusals} threads refused, ${threads} held, trying on`);
  if (threads >= LIMIT) {
    console.error(`leak: ${threads} threads and nobody stopped me`);
    clearInterval(timer);
    process.exit(0);
  }
}, EVERY_MS);
