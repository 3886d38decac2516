import { describe, expect, it } from 'vitest';
import { creationPath } from '../../src/core/creators.ts';
import { isPlumbing, siteOf } from '../../src/core/plumbing.ts';
import { RUNTIMES, type StackSource } from '../../src/core/runtimes.ts';
import type { Frame } from '../../src/core/stack.ts';

/** For every runtime: frames that belong to it, frames of a program, and a stack that makes a thread. */
interface Sample {
  readonly plumbing: readonly Frame[];
  readonly own: readonly Frame[];
  readonly making: readonly Frame[] | undefined;
}

const f = (name: string, more: Omit<Frame, 'function'> = {}): Frame => ({ function: name, ...more });
const OWN = f('spawn', { module: 'app', file: '/app/a.x' });

const SAMPLES: Readonly<Record<StackSource, Sample>> = {
  jvm: {
    plumbing: [f('java.lang.Thread.sleep'), f('jdk.internal.misc.Unsafe.park'), f('sun.nio.ch.EPoll.wait')],
    own: [f('com.acme.Server.accept'), f('javassist.Loader.run'), f('io.netty.channel.epoll.Native.wait')],
    making: [f('java.lang.Thread.start0'), f('java.lang.Thread.start'), OWN],
  },
  node: {
    plumbing: [f('node:internal/timers'), f('uv_run'), f('x', { file: 'node:events' })],
    own: [f('compute', { file: '/app/worker.js' })],
    making: undefined,
  },
  python: {
    plumbing: [
      f('wait', { file: '/usr/lib/python3.11/threading.py' }),
      f('<frozen importlib>._load'),
      f('run', { file: '/usr/lib64/python3/concurrent/futures/thread.py' }),
    ],
    own: [
      f('get', { file: '/usr/lib/python3/dist-packages/acme.py' }),
      f('get', { file: '/venv/lib/python3.11/site-packages/acme.py' }),
      f('start', { file: '/app/engine.py' }),
    ],
    making: [f('Thread.start', { file: '/usr/lib/python3.11/threading.py' }), OWN],
  },
  php: { plumbing: [f('zend_execute', { module: 'php8.2' })], own: [OWN], making: undefined },
  perl: { plumbing: [f('Perl_pp_fork', { module: 'libperl.so.5.36' })], own: [OWN], making: undefined },
  shell: {
    plumbing: [f('make_child', { module: 'bash' }), f('0x1', { module: 'dash' }), f('0x1', { module: 'busybox' })],
    own: [OWN, f('main', { module: 'wish' })],
    making: undefined,
  },
  ruby: { plumbing: [f('x', { module: 'libruby-3.1.so.3.1' })], own: [OWN], making: undefined },
  go: {
    plumbing: [f('runtime.gopark'), f('sync.(*Mutex).Lock'), f('internal/poll.runtime_pollWait'), f('net/http.serve')],
    own: [f('main.serve'), f('github.com/acme/runtime.Do')],
    making: [f('runtime.newosproc'), f('runtime.newm1'), f('runtime.newm'), f('main.spawn')],
  },
  native: {
    plumbing: [
      f('__read', { module: 'libc.so.6' }),
      f('start_thread'),
      f('tokio::runtime::park'),
      f('std::thread::_Invoker<x>'),
      f('[futex]', { module: 'app' }),
      f('libc_start_main_stage2', { module: 'app' }),
      f('<std::sys::sync::mutex::futex::Mutex>::lock_contended', { module: 'app' }),
      f('<std::thread::thread::Thread>::park', { module: 'app' }),
      f('std::sys::backtrace::__rust_begin_short_backtrace', { module: 'app' }),
      f('core::ops::function::FnOnce::call_once{{vtable.shim}}', { module: 'app' }),
      f('<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once', { module: 'app' }),
      f('<fn() as core::ops::function::FnOnce<()>>::call_once', { module: 'app' }),
      f('<app::main::{closure#3} as core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}', { module: 'app' }),
      f('<core::panic::unwind_safe::AssertUnwindSafe<F> as core::ops::function::FnOnce<()>>::call_once'),
      f('std::__invoke_impl<void, Job&, >(std::__invoke_other, Job&, &&)', { module: 'app' }),
      f('std::condition_variable::wait<park()::{lambda()#1}>(park()::{lambda()#1})', { module: 'app' }),
      f('boost::asio::detail::scheduler::run(boost::system::error_code&)', { module: 'app' }),
      f('__gnu_cxx::__ops::_Iter_less_iter::operator()', { module: 'app' }),
      f('x', { module: 'ld-linux-x86-64.so.2' }),
      f('clock_gettime', { module: '[vdso]' }),
      f('JVM_Sleep', { module: 'libjvm.so' }),
      f('v8::Isolate', { module: 'node' }),
      f('_PyEval', { module: 'python3.11' }),
      f('ruby_run', { module: 'libruby-3.1.so.3.1' }),
    ],
    own: [
      f('serve', { module: 'app' }),
      f('curl_easy', { module: 'libcurl.so.4' }),
      f('std::thread::_State_impl<F>::_M_run()', { module: 'app' }),
      f('std::_Function_handler<void (), main::{lambda()#1}>::_M_invoke(std::_Any_data const&)', { module: 'app' }),
      f('app::main::{closure#4}', { module: 'app' }),
      f('app::main', { module: 'app' }),
      f('<app::Worker as app::Work>::run', { module: 'app' }),
      f('<app::Worker as core::ops::drop::Drop>::drop', { module: 'app' }),
      f('<alloc::vec::Vec<u8> as app::Send>::send', { module: 'app' }),
      f('stdlib_init', { module: 'app' }),
      f('[generated code]'),
      f('x', { module: 'libcustom.so' }),
      f('x', { module: 'nodemon' }),
    ],
    making: [f('clone3'), f('__clone_internal'), f('pthread_create'), OWN, f('main'), f('_start')],
  },
  name: { plumbing: [], own: [OWN], making: undefined },
};

const ROWS = Object.entries(SAMPLES) as [StackSource, Sample][];

describe.each(ROWS)('%s', (source, { making, own, plumbing }) => {
  it('its own frames are plumbing', () => {
    expect(plumbing.filter((frame) => !isPlumbing(frame, source))).toEqual([]);
  });
  it('those of a program are not', () => {
    expect(own.filter((frame) => isPlumbing(frame, source))).toEqual([]);
  });
  it('the program’s own frame is found below them', () => {
    expect(siteOf([...plumbing, ...own], source)).toBe(own[0]);
    expect(siteOf(plumbing, source)).toBeUndefined();
  });
  it('a stack that makes a thread leads to the code that wanted it', () => {
    const path = creationPath({ runtime: source, frames: making ?? own });
    if (making === undefined) expect(path).toBeUndefined();
    else expect(path?.[0]?.function).toMatch(/spawn$/);
  });
  it('one that does not make any leads nowhere', () => {
    expect(creationPath({ runtime: source, frames: own })).toBeUndefined();
  });
});

it('every runtime has a name for people', () => {
  const labels = ROWS.map(([source]) => RUNTIMES[source].label);
  expect(new Set(labels).size).toBe(labels.length);
});
