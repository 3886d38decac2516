// Builds, and the pools and processes of the runtimes.

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

export const builds = [
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
];
