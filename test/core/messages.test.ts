import { describe, expect, it } from 'vitest';
import { readKernelLine, readMessage } from '../../src/core/messages.ts';

describe('what runtimes print', () => {
  it.for([
    [
      'java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached',
      'jvm',
      'thread',
      undefined,
    ],
    [
      '[warning][os,thread] Failed to start thread "Unknown thread" - pthread_create failed (EAGAIN) for attributes: stacksize: 1024k',
      'jvm',
      'thread',
      'EAGAIN',
    ],
    [
      "OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x00007f, 16384, 0) failed; error='Not enough space' (errno=12)",
      'jvm',
      'map',
      'ENOMEM',
    ],
    ["RuntimeError: can't start new thread", 'python', 'thread', undefined],
    ['BlockingIOError: [Errno 11] Resource temporarily unavailable', 'python', 'process', 'EAGAIN'],
    ['runtime: failed to create new OS thread (have 500 already; errno=11)', 'go', 'thread', 'EAGAIN'],
    ['fatal error: newosproc', 'go', 'thread', undefined],
    ['node[123]: pthread_create: Resource temporarily unavailable', 'node', 'thread', 'EAGAIN'],
    ['runtime: out of memory: cannot allocate 4194304-byte block', 'go', 'map', 'ENOMEM'],
    ['runtime: program exceeds 10000-thread limit', 'go', 'thread', undefined],
    ['Error [ERR_WORKER_INIT_FAILED]: Worker initialization failure: EAGAIN', 'node', 'thread', undefined],
    [
      "app.rb:7:in `new': can't create Thread: Resource temporarily unavailable (ThreadError)",
      'ruby',
      'thread',
      'EAGAIN',
    ],
    ['MemoryError', 'python', 'any', 'ENOMEM'],
    ['OSError: [Errno 12] Cannot allocate memory', 'python', 'any', 'ENOMEM'],
    ['# Native memory allocation (mmap) failed to map 16384 bytes', 'jvm', 'map', 'ENOMEM'],
    ['cannot fork: Resource temporarily unavailable at -e line 1.', 'shell', 'process', 'EAGAIN'],
    ['worker: write: Resource temporarily unavailable', 'native', 'any', 'EAGAIN'],
    ['out of luck: Cannot allocate memory', 'native', 'any', 'ENOMEM'],
    ['Error: spawn ls EAGAIN', 'node', 'process', 'EAGAIN'],
    ['bash: fork: retry: Resource temporarily unavailable', 'shell', 'process', 'EAGAIN'],
    ['sh: 1: Cannot fork', 'shell', 'process', undefined],
    ['bash: fork: Cannot allocate memory', 'shell', 'process', 'ENOMEM'],
    ['worker: mmap failed: Cannot allocate memory', 'native', 'map', 'ENOMEM'],
  ] as const)('%s', ([line, runtime, wanted, errno]) => {
    expect(readMessage(line)).toMatchObject({ runtime, wanted, errno });
  });
  it('honest lines say nothing', () => {
    for (const line of ['listening on 8080', 'again', 'forked 3 workers', 'out of stock'])
      expect(readMessage(line)).toBeUndefined();
  });
  it('a long line is cut, and loses the space around it', () => {
    const text = readMessage(`   pthread_create: EAGAIN ${'x'.repeat(500)}`)?.text;
    expect([text?.length, text?.startsWith('pthread_create')]).toEqual([200, true]);
  });
  it('the kernel log names the one that forked', () => {
    expect(readKernelLine('4,881,1234,-;cgroup: fork rejected by pids controller in /system.slice/a.service')).toEqual({
      forkingCgroup: '/system.slice/a.service',
    });
    expect(readKernelLine('usb 1-1: new device')).toBeUndefined();
  });
});
