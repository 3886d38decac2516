// One honest program in one place: bare, then guarded, and whether it was left alone.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BOMB, GUARD, inBox, sleep } from './box.mjs';

const UID = 64_738;
const MOST_MS = 120_000;

/** `cap` is pids.max around it all, `many` what a burst there may make. */
export const PLACES = [
  {
    name: 'service',
    cap: 4_915,
    many: 3_000,
    says: 'root, in a pids cgroup of 4,915 tasks: 15 % of 32,768 PIDs, as systemd gives a service.',
    enter: ['--mount'],
    command: ['env'],
  },
  {
    name: 'container',
    cap: 512,
    many: 400,
    says: 'root, in a pids cgroup of 512 tasks (1,024 where it says so), with PIDs of its own and a cgroup tree that is read-only.',
    enter: ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'],
    before: 'for at in /sys/fs/cgroup/*; do mount -o remount,bind,ro "$at"; done',
    command: ['env'],
  },
  {
    name: 'plain uid',
    cap: 4_915,
    many: 3_000,
    uid: UID,
    says: 'a user without a right to any cgroup, in a pids cgroup of 4,915 tasks.',
    enter: ['--mount'],
    before: 'mount --bind "$D/passwd" /etc/passwd; mount --bind "$D/group" /etc/group',
    command: ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'],
  },
];

const PRELUDE = `set -eu -o pipefail
ready() { for _ in $(seq 300); do if "$@" >/dev/null 2>&1; then return 0; fi; sleep 0.1; done; echo "not ready: $*" >&2; exit 90; }
served() { for _ in $(seq "\${2:-300}"); do if (exec 3<>/dev/tcp/127.0.0.1/$1) 2>/dev/null; then return 0; fi; sleep 0.1; done; echo "nobody serves $1" >&2; exit 90; }
stopped() { kill -\${2:-TERM} "$1"; local status=0; wait "$1" || status=$?; echo "ended with $status"; }
root() { if [ "$(id -u)" = 0 ]; then echo "$@"; else return 1; fi; }
as() { local user=$1; shift; if [ "$(id -u)" = 0 ]; then exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"; else exec "$@"; fi; }
`;

/** What a program sees: nothing of who runs the bench. */
const environment = (dir, { many }) => ({
  PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:${process.env.PATH}`,
  HOME: dir,
  TMPDIR: join(dir, 'tmp'),
  LC_ALL: 'C.UTF-8',
  D: dir,
  MANY: String(many),
  HONEST: join(dirname(BOMB), 'honest'),
  MISBEHAVE: BOMB,
  TRUE_HOME: process.env.HOME,
});

function prepare({ script, owner }, { uid }, copy, dir) {
  copy(dir);
  writeFileSync(join(dir, 'run.sh'), `${PRELUDE}${script}\n`);
  writeFileSync(join(dir, 'passwd'), `${readFileSync('/etc/passwd', 'utf8')}honest:x:${UID}:${UID}::${dir}:/bin/sh\n`);
  writeFileSync(join(dir, 'group'), `${readFileSync('/etc/group', 'utf8')}honest:x:${UID}:\n`);
  for (const name of ['incidents', 'tmp']) mkdirSync(join(dir, name));
  chmodSync(dir, 0o1777);
  if (uid !== undefined) execFileSync('chown', ['-R', `${uid}:${uid}`, dir]);
  else if (owner !== undefined) execFileSync('chown', ['-R', owner, dir]);
}

let boxes = 0;
/** Runs `use` with a memory cgroup of v1 that has that limit, or with none. */
async function withMemory(megabytes, use) {
  if (megabytes === undefined) return use(undefined);
  boxes += 1;
  const dir = `/sys/fs/cgroup/memory/tgbench-${process.pid}-${boxes}`;
  mkdirSync(dir);
  try {
    writeFileSync(`${dir}/memory.limit_in_bytes`, String(megabytes << 20));
    return await use(dir);
  } finally {
    rmdirSync(dir);
  }
}

/** One run: how it ended, what it printed, and what the kernel counted around it. */
function once(program, place, copy, dir, guard) {
  mkdirSync(dir);
  prepare(program, place, copy, dir);
  return withMemory(program.memoryMb, (memory) => {
    const enter = memory === undefined ? '' : `echo 0 >${memory}/cgroup.procs; `;
    const inside = `set -e; ${enter}ip link set lo up; ${place.before ?? ''}\nexec "$@"`;
    const command = [
      ...['unshare', '--net', ...place.enter, 'sh', '-c', inside, 'sh', ...place.command],
      ...guard,
      ...['bash', join(dir, 'run.sh')],
    ];
    return inBox((start, box) => watched(start(command, optionsOf(dir, place)), box, dir), place.cap);
  });
}

/** A session of its own, because some servers end with a signal to their whole process group. */
const optionsOf = (dir, place) => ({ cwd: dir, env: environment(dir, place), detached: true });

async function watched(running, box, dir) {
  const ended = await Promise.race([running.ended, sleep(MOST_MS)]);
  const refused = Number(/max (\d+)/.exec(readFileSync(`${box}/pids.events`, 'utf8'))?.[1]);
  const peak = Number(readFileSync(`${box}/pids.peak`, 'utf8'));
  if (ended === undefined)
    return { how: `did not end within ${MOST_MS / 1000} s`, out: '', err: running.err(), refused, peak };
  const { code, signal, out, err } = ended;
  return { how: signal === null ? `exit ${code}` : signal, out: out.replaceAll(dir, 'DIR'), err, refused, peak };
}

const eventsOf = (file) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
    : [];

/** `kind` is ok, bare (it does not run there even bare) or bad; `text` is the cell, `details` what to look at. */
export async function both(program, asked, copy, scratch) {
  const cap = asked.name === 'container' ? (program.container ?? asked.cap) : asked.cap;
  const place = { ...asked, cap };
  if (program.isRootOnly && place.uid !== undefined) return { kind: 'bare', text: 'needs root' };
  chmodSync(scratch, 0o755);
  // One name for both: a path may be printed.
  const dir = join(scratch, 'd');
  const away = (name) => execFileSync('mv', [dir, join(scratch, name)]);
  const bare = await once(program, place, copy, dir, []);
  away('bare');
  if (bare.how !== 'exit 0' || bare.refused > 0) {
    const why = bare.refused > 0 ? `${bare.refused} refused` : bare.how;
    return { kind: 'bare', text: `does not run bare (${why})`, details: bare.err.slice(-800) };
  }
  const log = join(dir, 'guard.log');
  const guard = [
    GUARD,
    'run',
    '--log-format',
    'json',
    '--log-file',
    log,
    '--incident-dir',
    join(dir, 'incidents'),
    '--',
  ];
  const guarded = await once(program, place, copy, dir, guard);
  const events = eventsOf(log);
  const { text, isGood } = verdict(bare, guarded, events, readdirSync(join(dir, 'incidents')));
  const mark = cap === asked.cap ? '' : `, pids.max ${cap.toLocaleString('en')}`;
  if (isGood) return { kind: 'ok', text: `${text}${mark}`, details: undefined };
  const told = events
    .filter(({ event }) => !['start', 'sample'].includes(event))
    .map(({ event, msg }) => `${event}: ${msg}`);
  const details = [
    ...[`bare ${bare.how}, peak ${bare.peak}: ${onlyIn(bare.out, guarded.out)}`, bare.err.slice(-600)],
    ...[`guarded ${guarded.how}: ${onlyIn(guarded.out, bare.out)}`, guarded.err.slice(-600), ...told],
  ];
  return { kind: 'bad', text: `**${text}**${mark}`, details: details.join('\n') };
}

/** The first lines that the other did not print. */
function onlyIn(text, other) {
  const known = new Set(other.split('\n'));
  const lines = text.split('\n').filter((line) => !known.has(line));
  return lines.slice(0, 12).join('\n');
}

const ACTS = ['trip', 'clamp', 'dump', 'terminate', 'kill', 'error', 'restart', 'release'];

function verdict(bare, guarded, events, incidents) {
  const contained = events.find(({ event }) => event === 'contained');
  const exit = events.find(({ event }) => event === 'exit');
  const line = contained?.line?.tripAt;
  const wrong = [];
  if (guarded.how !== bare.how) wrong.push(`${guarded.how}, bare ${bare.how}`);
  if (guarded.out !== bare.out) wrong.push('printed something else');
  if (guarded.refused > 0) wrong.push(`${guarded.refused} refused by what is around it`);
  if (exit === undefined || line === undefined) wrong.push('the guard said nothing');
  else if (exit.refused > 0) wrong.push(`${exit.refused} refused`);
  for (const name of ACTS) if (events.some(({ event }) => event === name)) wrong.push(name);
  const warnings = events.filter(({ event }) => event === 'warn');
  const untrue = warnings.filter(({ tasks }) => !(tasks >= 0.8 * line));
  if (untrue.length > 0) wrong.push(`warned at ${untrue.map(({ tasks }) => tasks ?? '?').join(', ')} tasks`);
  else if (warnings.length === 0 && incidents.length > 0) wrong.push('left an incident');
  const room = `${Math.max(bare.peak, exit?.peakTasks ?? 0).toLocaleString('en')} of ${line?.toLocaleString('en') ?? '?'}`;
  const warned = warnings.length > 0 ? ', warned rightly' : '';
  return { isGood: wrong.length === 0, text: `${wrong.length === 0 ? 'ok' : wrong.join(', ')} (${room}${warned})` };
}
