import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A C library without unwind rules. */
const MUSL_GCC = '/usr/bin/musl-gcc';

/** Debian packages the end-to-end tests and the lab use, by the file that shows they are there. */
const PACKAGES: Readonly<Record<string, string>> = {
  '/usr/bin/gcc': 'gcc',
  '/usr/include/stdio.h': 'libc6-dev',
  // For programs of 32 bits: 20 MB.
  '/usr/lib32/libc.so.6': 'gcc-multilib',
  [MUSL_GCC]: 'musl-tools',
  '/usr/bin/tini': 'tini',
  '/usr/bin/dumb-init': 'dumb-init',
  '/usr/bin/setpriv': 'util-linux',
  '/usr/bin/tmux': 'tmux',
  '/usr/bin/linux.uml': 'user-mode-linux',
  '/usr/sbin/insmod': 'kmod',
  '/usr/bin/strace': 'strace',
  '/usr/bin/perl': 'perl',
  '/usr/bin/php': 'php-cli',
  '/usr/bin/python3': 'python3',
  '/usr/bin/g++': 'g++',
  '/usr/bin/javac': 'default-jdk-headless',
  '/usr/bin/go': 'golang-go',
  '/usr/bin/ruby': 'ruby',
  '/usr/bin/chromium': 'chromium',
  '/lib/systemd/systemd': 'systemd',
  '/usr/bin/groff': 'groff-base',
  '/usr/bin/zsh': 'zsh',
  '/usr/bin/busybox': 'busybox',
  '/usr/bin/fish': 'fish',
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/promtool': 'prometheus',
  '/usr/sbin/nats-server': 'nats-server',
  '/usr/share/activemq/bin/activemq.jar': 'activemq',
  '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server',
};

export const BUILD_DIR: string = fileURLToPath(new URL('../../node_modules/.cache/threadguard', import.meta.url));

const SPAWNERS: Readonly<Record<string, readonly string[]>> = {
  'spawner-plain': ['-O2'],
  'spawner-frames': ['-O2', '-fno-omit-frame-pointer'],
  'spawner-debug': ['-O0'],
  'spawner-stripped': ['-O2', '-s'],
  'spawner-static': ['-O2', '-static'],
  'spawner-static-pie': ['-O2', '-static-pie'],
  'spawner-32': ['-O2', '-m32'],
};

/** Installs what is missing (root on Debian) and compiles the programs that the tests guard. */
export default function setup(): void {
  const missing = Object.entries(PACKAGES).filter(
    ([file]) => !existsSync(file) && !existsSync(file.replace('/usr/sbin', '/sbin')),
  );
  if (missing.length > 0) {
    const apt = (...args: string[]) =>
      execFileSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...missing.map(([, name]) => name));
  }
  mkdirSync(BUILD_DIR, { recursive: true });
  for (const name of ['misbehave', 'honest', 'hostile', 'probe', 'ceiling']) {
    const source = fileURLToPath(new URL(`../programs/${name}.c`, import.meta.url));
    execFileSync('gcc', ['-O1', '-pthread', '-o', `${BUILD_DIR}/${name}`, source], { stdio: 'inherit' });
  }
  execFileSync(
    'gcc',
    ['-O1', '-pthread', '-o', `${BUILD_DIR}/leak`, fileURLToPath(new URL('../programs/leaks/leak.c', import.meta.url))],
    { stdio: 'inherit' },
  );
  const source = (name: string): string => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
  // One program in the ways that compilers leave stacks: frame pointers or none, optimised or not, symbols or none.
  for (const [name, flags] of Object.entries(SPAWNERS)) {
    execFileSync('gcc', [...flags, '-pthread', '-o', `${BUILD_DIR}/${name}`, source('spawner.c')], {
      stdio: 'inherit',
    });
  }
  execFileSync(MUSL_GCC, ['-O2', '-pthread', '-static', '-o', `${BUILD_DIR}/spawner-musl`, source('spawner.c')], {
    stdio: 'inherit',
  });
  execFileSync('gcc', ['-O2', '-pthread', '-o', `${BUILD_DIR}/leaderless`, source('leaderless.c')], {
    stdio: 'inherit',
  });
  execFileSync('/usr/bin/g++', ['-O2', '-pthread', '-o', `${BUILD_DIR}/spawner-cc`, source('spawner.cc')], {
    stdio: 'inherit',
  });
  for (const [name, flags] of [
    ['spawner-go', ''],
    ['spawner-go-stripped', '-s -w'],
  ] as const) {
    execFileSync('/usr/bin/go', ['build', `-ldflags=${flags}`, '-o', `${BUILD_DIR}/${name}`, source('spawner.go')], {
      stdio: 'inherit',
      env: {
        PATH: process.env['PATH'],
        HOME: BUILD_DIR,
        GO111MODULE: 'off',
        GOFLAGS: '',
        GOCACHE: `${BUILD_DIR}/go-cache`,
      },
    });
  }
  execFileSync('/usr/bin/javac', ['-d', BUILD_DIR, source('Spawner.java'), source('leaks/Leak.java')], {
    stdio: 'inherit',
  });
}
