// Real programs that end by themselves: builds, pools of the runtimes, packers, converters, shells.

const POOL = `import java.util.concurrent.*;
public class Pool {
  public static void main(String[] a) throws Exception {
    int n = Integer.parseInt(a[0]);
    var pool = Executors.newFixedThreadPool(n);
    var done = new java.util.concurrent.atomic.AtomicInteger();
    for (int i = 0; i < n; i++) pool.submit(() -> { try { Thread.sleep(2000); } catch (InterruptedException e) {} done.incrementAndGet(); });
    pool.shutdown();
    pool.awaitTermination(30, TimeUnit.SECONDS);
    System.out.println(done.get() + " done");
  }
}`;
const java = (name, count) => ({
  name,
  needs: ['java', 'javac'],
  files: { 'Pool.java': POOL },
  build: 'javac Pool.java',
  script: `java -XX:-UsePerfData -cp . Pool ${count}`,
});

const CLUSTER = `const cluster = require('node:cluster');
const { Worker } = require('node:worker_threads');
if (cluster.isPrimary) {
  for (let i = 0; i < 16; i++) cluster.fork();
  let ended = 0;
  cluster.on('exit', (_, code) => { ended += code === 0; if (ended === 16) console.log('16 ended'); });
} else {
  let left = 4;
  for (let i = 0; i < 4; i++) new Worker('setTimeout(() => {}, 1000)', { eval: true }).on('exit', () => { if (--left === 0) process.exit(0); });
}`;
const numbered = (count, name, text) => Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), text(i)]));
const C_FILES = numbered(
  200,
  (i) => `f${i}.c`,
  (i) => `int f${i}(int x) { return x + ${i}; }\n`,
);
const NINJA = `rule cc\n command = cc -c $in -o $out\n${Array.from({ length: 200 }, (_, i) => `build f${i}.o: cc f${i}.c`).join('\n')}\n`;
/** 24 MB that do not compress to nothing, the same each time. */
const DATA = 'seq 1 3000000 >data; before=$(md5sum <data)';
const SAME = '[ "$(md5sum <back)" = "$before" ]; md5sum <back';
const packer = (tool, pack, unpack) => ({
  name: `${pack.split(' <')[0]}, and back`,
  needs: [tool],
  script: `${DATA}\n${pack}\n${unpack}\n${SAME}`,
});

export const tools = [
  {
    name: 'make -j16, 200 C files',
    needs: ['make', 'gcc'],
    files: { ...C_FILES, Makefile: 'O=$(patsubst %.c,%.o,$(wildcard *.c))\nall.a: $(O)\n\tar rcs $@ $^\n' },
    script: 'make -s -j16; ar t all.a | wc -l',
  },
  {
    name: 'ninja -j64, 200 C files',
    needs: ['ninja', 'gcc'],
    files: { ...C_FILES, 'build.ninja': NINJA },
    script: 'ninja -j64 >log; ls *.o | wc -l',
  },
  {
    name: 'cmake, configure and build -j8',
    needs: ['cmake', 'gcc'],
    files: {
      ...numbered(
        40,
        (i) => `g${i}.c`,
        (i) => `int g${i}(void) { return ${i}; }\n`,
      ),
      'CMakeLists.txt': `cmake_minimum_required(VERSION 3.10)\nproject(p C)\nadd_library(p STATIC ${Array.from({ length: 40 }, (_, i) => `g${i}.c`).join(' ')})\n`,
    },
    script: 'cmake -S . -B out >log; cmake --build out -j8 >>log; ar t out/libp.a | wc -l',
  },
  {
    name: 'go build -p 16, 40 packages',
    needs: ['go'],
    files: {
      'go.mod': 'module example\n\ngo 1.18\n',
      'prime/main.go': 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n',
      'main.go': `package main\n\nimport (\n\t"fmt"\n${Array.from({ length: 40 }, (_, i) => `\t"example/p${i}"`).join('\n')}\n)\n\nfunc main() { fmt.Println(${Array.from({ length: 40 }, (_, i) => `p${i}.F()`).join(' + ')}) }\n`,
      ...numbered(
        40,
        (i) => `p${i}/p.go`,
        (i) => `package p${i}\n\nfunc F() int { return ${i} }\n`,
      ),
    },
    build: 'GOCACHE=$PWD/cache go build -o /dev/null ./prime',
    script: 'GOCACHE=$PWD/cache GOPATH=$PWD/go go build -p 16 -o all . && ./all',
  },
  {
    name: 'cargo build -j16, offline',
    needs: ['cargo'],
    files: {
      'Cargo.toml': '[workspace]\nmembers = ["c*"]\n',
      ...Object.assign(
        {},
        ...Array.from({ length: 12 }, (_, i) => ({
          [`c${i}/Cargo.toml`]: `[package]\nname = "c${i}"\nversion = "0.1.0"\nedition = "2021"\n`,
          [`c${i}/src/main.rs`]: `fn main() { println!("{}", ${i}); }\n`,
        })),
      ),
    },
    script: 'HOME=$TRUE_HOME cargo build -q --offline -j16; ls target/debug/c? target/debug/c?? | wc -l',
  },
  {
    name: 'npm ci, 12 packages with install scripts',
    needs: ['npm'],
    files: {
      'package.json': JSON.stringify({
        name: 'all',
        version: '1.0.0',
        dependencies: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`p${i}`, `file:p${i}`])),
      }),
      ...numbered(
        12,
        (i) => `p${i}/package.json`,
        (i) =>
          JSON.stringify({ name: `p${i}`, version: '1.0.0', scripts: { install: `node -e 'setTimeout(()=>{},200)'` } }),
      ),
    },
    build: 'npm install --package-lock-only --offline --no-audit --no-fund >/dev/null',
    script: 'npm ci --offline --no-audit --no-fund --cache "$PWD/cache" >log; ls node_modules | wc -l',
  },
  java('JVM, a pool of 200 at once', '200'),
  java('JVM, a pool of 2,000 at once (320 in a container)', '"$((MANY > 2000 ? 2000 : MANY * 8 / 10))"'),
  {
    name: 'JVM, parallel streams and the compiler on itself',
    needs: ['java'],
    files: {
      'Sum.java':
        'import java.util.stream.*; public class Sum { public static void main(String[] a) { System.out.println(LongStream.range(0, 80_000_000L).parallel().map(x -> x ^ (x >> 3)).sum()); } }',
    },
    script: 'java -XX:-UsePerfData Sum.java',
  },
  {
    name: 'Python, ThreadPoolExecutor of 200',
    needs: ['python3'],
    script: `python3 -c '
import time
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(200) as pool: print(sum(pool.map(lambda n: time.sleep(1) or n, range(400))))'`,
  },
  {
    name: 'Python, multiprocessing pool of 64',
    needs: ['python3'],
    script: `python3 -c '
from multiprocessing import Pool
def square(n): return n * n
with Pool(64) as pool: print(sum(pool.map(square, range(20000))))'`,
  },
  {
    name: 'Python, 150 subprocesses from asyncio',
    needs: ['python3'],
    script: `python3 -c '
import asyncio
async def one(n):
    p = await asyncio.create_subprocess_exec("sleep", "1")
    return await p.wait()
async def main(): print(await asyncio.gather(*[one(n) for n in range(150)]))
asyncio.run(main())'`,
  },
  {
    name: 'Node cluster, 16 workers with 4 threads each',
    needs: ['node'],
    files: { 'cluster.cjs': CLUSTER },
    script: 'node cluster.cjs',
  },
  {
    name: 'Node, 30 worker threads that hash',
    needs: ['node'],
    script: `node -e '
const { Worker } = require("node:worker_threads");
const code = "const c=require(\\"node:crypto\\");require(\\"node:worker_threads\\").parentPort.postMessage(c.pbkdf2Sync(\\"a\\",\\"b\\",20000,16,\\"sha256\\").toString(\\"hex\\"))";
let n = 0;
for (let i = 0; i < 30; i++) new Worker(code, { eval: true }).on("message", (m) => { if (++n === 30) console.log(m); });'`,
  },
  {
    name: 'Ruby, 300 threads',
    needs: ['ruby'],
    script: `ruby -e 'puts 300.times.map { |i| Thread.new { sleep 1; i } }.sum(&:value)'`,
  },
  {
    name: 'Perl, 200 forks',
    needs: ['perl'],
    script: `perl -e 'my $ok = 0; for (1..200) { my $p = fork; die "fork: $!" unless defined $p; if (!$p) { select undef, undef, undef, 1; exit 0 } } while (wait > 0) { $ok++ if $? == 0 } print "$ok\\n"'`,
  },
  {
    name: 'PHP, 100 forks',
    needs: ['php'],
    script: `php -r 'for ($i = 0; $i < 100; $i++) { $p = pcntl_fork(); if ($p < 0) exit(9); if ($p == 0) { usleep(800000); exit(0); } } $ok = 0; while (pcntl_wait($s) > 0) $ok += $s == 0; echo $ok, "\\n";'`,
  },
  {
    name: 'Erlang, 20,000 processes, +A 128',
    needs: ['erl'],
    script: `erl +A 128 +S 8 -noshell -eval '
S = self(), [spawn(fun() -> timer:sleep(500), S ! I end) || I <- lists:seq(1, 20000)],
io:format("~p~n", [lists:sum([receive X -> X end || _ <- lists:seq(1, 20000)])]), halt().'`,
  },
  {
    name: 'Elixir, 200 tasks that start a program each',
    needs: ['elixir'],
    script: `elixir -e '1..200 |> Task.async_stream(fn n -> {_, 0} = System.cmd("sleep", ["0.3"]); n end, max_concurrency: 60, timeout: 60000) |> Enum.reduce(0, fn {:ok, n}, a -> a + n end) |> IO.puts'`,
  },
  {
    name: 'xargs -P 500 (360 in a container)',
    script: 'j=$((MANY > 500 ? 500 : MANY * 9 / 10)); printf "2\\n%.0s" $(seq $j) | xargs -P $j -n 1 sleep; echo $j',
  },
  {
    name: 'GNU parallel -j 50',
    needs: ['parallel'],
    script: 'seq 150 | parallel --will-cite -j 50 "sleep 0.5; echo {}" | sort -n | md5sum',
  },
  {
    name: 'stress-ng: 4 × cpu, fork, pthread (64 threads each), switch, pipe',
    needs: ['stress-ng'],
    script:
      'stress-ng --quiet --temp-path . --cpu 4 --fork 4 --pthread 4 --pthread-max 64 --switch 4 --pipe 4 -t 4; echo ok',
  },
  {
    name: 'a pipeline of 5 commands, 60 times, and 100 jobs of a shell',
    script:
      'for i in $(seq 60); do seq 500 | tr 1 2 | sort -u | sed s/2/x/ | wc -l; done | sort -u\nfor i in $(seq 100); do sleep 1 & done; wait; echo 100',
  },
  {
    name: 'find -exec, 300 files',
    script: 'mkdir t; for i in $(seq 300); do echo $i >t/$i; done; find t -type f -exec md5sum {} \\; | sort | md5sum',
  },
  {
    name: 'a job every 0.2 s, as cron starts them',
    script: 'for i in $(seq 60); do (sleep 1; echo $i >>done) & sleep 0.2; done; wait; sort -n done | md5sum',
  },
  {
    name: 'tmux, 30 windows',
    needs: ['tmux'],
    script: `tmux -S s -f /dev/null new-session -d 'sleep 3'
for i in $(seq 30); do tmux -S s new-window -d "sh -c 'sleep 1; echo $i >>$PWD/done'"; done
ready sh -c '[ "$(wc -l <done)" = 30 ]'; sort -n done | md5sum; tmux -S s kill-server`,
  },
  {
    name: 'git: 200 commits, clone, gc, fsck',
    needs: ['git'],
    script: `export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_GLOBAL=$PWD/gc
git config --global user.email a@example.org; git config --global user.name a; git config --global pack.threads 16
git init -q r; cd r; for i in $(seq 200); do echo $i >>f; git add f; git commit -q -m $i; done; cd ..
git clone -q --no-local r c; cd c; git gc -q --aggressive; git fsck 2>/dev/null; git rev-parse HEAD; git log --oneline | wc -l`,
  },
  packer('xz', 'xz -1 -T16 <data >packed', 'xz -d -T16 <packed >back'),
  packer('zstd', 'zstd -q -T16 <data >packed', 'zstd -q -d <packed >back'),
  packer('pigz', 'pigz -p 16 <data >packed', 'pigz -d <packed >back'),
  packer('pbzip2', 'pbzip2 -p16 <data >packed', 'pbzip2 -d -p16 <packed >back'),
  packer('7z', '7z a -bd -mx1 -mmt16 packed.7z data >log', 'mv data d; 7z x -bd -mmt16 packed.7z >log; mv data back'),
  {
    name: 'tar through xz -T0, 500 files',
    needs: ['tar', 'xz'],
    script: `mkdir t; for i in $(seq 500); do echo $i >t/$i; done; tar -c -I 'xz -T0' -f t.txz t; mkdir b; tar -x -J -f t.txz -C b; cat b/t/* | md5sum`,
  },
  {
    name: 'sort --parallel=16',
    script: 'seq 1500000 -1 1 | sort -n --parallel=16 | md5sum',
  },
  {
    name: 'SQLite, 12 writers of one file',
    needs: ['sqlite3'],
    script: `sqlite3 db 'create table t(n); pragma journal_mode=wal' >log
for i in $(seq 12); do (for j in $(seq 15); do sqlite3 -cmd '.timeout 60000' db "insert into t values($j)"; done) & done; wait
sqlite3 db 'select count(*), sum(n) from t'`,
  },
  {
    name: 'ffmpeg -threads 32',
    needs: ['ffmpeg'],
    script:
      'ffmpeg -v error -f lavfi -i testsrc=d=4:s=640x360 -threads 32 -c:v mpeg4 -y o.mp4; ffmpeg -v error -threads 16 -i o.mp4 -f null - && ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 o.mp4',
  },
  {
    name: 'rsync, 1,000 files',
    needs: ['rsync'],
    script:
      'mkdir a; for i in $(seq 1000); do echo $i >a/$i; done; rsync -a a/ b/; rsync -ac --delete a/ b/; cat b/* | md5sum',
  },
  {
    name: 'openssl speed -multi 16',
    needs: ['openssl'],
    script: 'openssl speed -multi 16 -seconds 1 sha256 >log 2>&1; echo $?',
  },
  {
    name: 'Chromium, headless',
    needs: ['chromium'],
    files: {
      'page.html': `<p>x${'<iframe src="data:text/html,<p>y"></iframe>'.repeat(6)}<script>for(let i=0;i<6;i++)new Worker(URL.createObjectURL(new Blob(['1'])))</script>`,
    },
    script:
      'chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/p" --dump-dom "file://$PWD/page.html" 2>err',
  },
  {
    name: 'LibreOffice, headless: a table to xlsx and back, a text to PDF',
    needs: ['soffice'],
    script: `seq 1 200 | sed 's/.*/&,x&,y&/' >t.csv; seq 1 300 >d.txt; office() { soffice --headless -env:UserInstallation=file://$PWD/lo "$@" >log 2>&1; }
office --convert-to xlsx t.csv; mv t.csv first.csv; office --convert-to csv t.xlsx; md5sum <t.csv; office --convert-to pdf d.txt; head -c 5 d.pdf`,
  },
];
