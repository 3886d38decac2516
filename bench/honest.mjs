// Honest programs are left alone: npm run bench -- honest [WORD…]. It writes docs/honest.md; with words it runs the programs
// that have one of them in their name, and writes nothing.
// Each program runs twice in each of three places, bare and guarded with no flags, and both must end alike and print the same.
// Debian packages: make gcc ninja-build cmake golang-go cargo npm default-jdk-headless python3 ruby perl php-cli erlang-base
// elixir parallel stress-ng tmux git xz-utils zstd pigz pbzip2 p7zip-full sqlite3 ffmpeg rsync openssl chromium
// libreoffice-calc-nogui libreoffice-writer-nogui redis-server redis-tools memcached nginx-light apache2 apache2-utils wrk lighttpd
// haproxy squid varnish tinyproxy gunicorn uwsgi-core uwsgi-plugin-python3 puma php-fpm mosquitto mosquitto-clients nats-server
// beanstalkd socat rabbitmq-server activemq postgresql mariadb-server prometheus bind9 bind9-dnsutils unbound dnsmasq
// openssh-server pssh dovecot-imapd postfix iproute2 procps.
// What is not installed is left out and said so. Install them without starting them (policy-rc.d).
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builds } from './honestBuilds.mjs';
import { daemons } from './honestDaemons.mjs';
import { both, PLACES } from './honestRun.mjs';
import { shapes } from './honestShapes.mjs';
import { tools } from './honestTools.mjs';
import { web } from './honestWeb.mjs';

const PAGE = fileURLToPath(new URL('../docs/honest.md', import.meta.url));
/** Programs that are run at the same time. Most of them wait most of the time. */
const AT_ONCE = Number(process.env.HONEST_AT_ONCE ?? 2);
const KINDS = { 'Shapes of load': shapes, Programs: [...builds, ...tools], Servers: [...web, ...daemons] };

const has = (tool) =>
  tool.startsWith('/') ? existsSync(tool) : process.env.PATH.split(':').some((at) => existsSync(join(at, tool)));

/** Its files, built once as the user of the bench; each run gets a copy. */
function template({ files = {}, build }) {
  const dir = mkdtempSync(join(tmpdir(), 'honest-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  if (build !== undefined) execFileSync('sh', ['-ec', build], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  return dir;
}

async function rowOf(program) {
  const missing = (program.needs ?? []).filter((tool) => !has(tool));
  if (missing.length > 0) return { name: program.name, missing };
  let from;
  try {
    from = template(program);
  } catch (error) {
    return { name: program.name, missing: [`could not be prepared: ${error.message}`] };
  }
  try {
    const cells = [];
    for (const place of PLACES) {
      const dir = mkdtempSync(join(tmpdir(), 'honest-'));
      try {
        cells.push(await both(program, place, (to) => cpSync(from, to, { recursive: true }), dir));
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }
    console.log(`  ${[program.name, ...cells.map(({ text }) => text)].join(' | ')}`);
    for (const { details } of cells) if (details !== undefined) console.log(details.replace(/^/gm, '      '));
    return { name: program.name, cells };
  } finally {
    rmSync(from, { recursive: true, force: true });
  }
}

/** Every program in every place, a few at a time, in the order of the lists. */
async function rowsOf(programs) {
  const rows = [];
  let next = 0;
  const worker = async () => {
    while (next < programs.length) {
      const at = next;
      next += 1;
      rows[at] = await rowOf(programs[at]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return rows;
}

export async function honestRows() {
  const words = process.argv.slice(2).filter((word) => !'honest programs'.includes(word));
  const isAsked = ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word));
  const parts = {};
  for (const [kind, programs] of Object.entries(KINDS)) parts[kind] = await rowsOf(programs.filter(isAsked));
  const rows = Object.values(parts).flat();
  const measured = rows.filter(({ cells }) => cells !== undefined);
  const missing = rows.flatMap(({ name, missing }) =>
    missing === undefined ? [] : [`${name} (${missing.join(', ')})`],
  );
  const count = PLACES.map(({ name }, i) => {
    const kinds = measured.map(({ cells }) => cells[i].kind);
    const of = (kind) => kinds.filter((is) => is === kind).length;
    return `${name}: ${of('ok')} of ${kinds.length} left alone, ${of('bad')} not left alone, ${of('bare')} do not run there even bare`;
  });
  if (words.length === 0) writeFileSync(PAGE, page(parts, count, missing));
  return [...count, ...missing.map((name) => `not installed: ${name}`)];
}

const table = (rows) =>
  [
    ['', ...PLACES.map(({ name }) => name)],
    ['---', ...PLACES.map(() => '---')],
  ]
    .concat(
      rows
        .filter(({ cells }) => cells !== undefined)
        .map(({ name, cells }) => [name, ...cells.map(({ text }) => text)]),
    )
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const page = (parts, count, missing) => `# Honest programs are left alone

One run of \`npm run bench -- honest\` on kernel ${release()}, Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}.

Each program runs bare and then guarded, with no flags, in three places:

${PLACES.map(({ name, says }) => `- **${name}**: ${says}`).join('\n')}

A cell says **ok** when both ended with the same status and printed the same, nothing was refused, and the guard did not trip, clamp,
stop or complain, nor warn below 80 % of the budget. Then come the most tasks that it had, bare or guarded, and its budget, which is a
share of what the machine has free at that moment. What does not run bare in a place does not count there. The shell of the script, a
server and its clients all run under the guard, with a network of their own that is only a loopback. How a warning comes to be
is in [run.md](run.md).

${count.map((line) => `- ${line}`).join('\n')}

${Object.entries(parts)
  .map(([kind, rows]) => `## ${kind}\n${table(rows)}`)
  .join('\n\n')}
${missing.length === 0 ? '' : `\nNot installed on that machine, and so left out: ${missing.join('; ')}.\n`}`;
