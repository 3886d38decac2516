// Shapes of load that were once taken for a leak. Each is a program of our own, so nothing must be installed but its runtime.
// MANY is what the place has room for: most of the tasks that the container gives, 3,000 elsewhere.

const SHAPES = `import math, sys, threading, time
kind, many = sys.argv[1], int(sys.argv[2])
def wanted(at):
    if kind == "deploy": return many / 2 if at < 12 else min(many, many / 2 * (1 + (at - 12) / 3))
    if kind == "sine": return many * (0.55 - 0.45 * math.cos(2 * math.pi * at / 8))
    if kind == "sawtooth": return many if at % 4 < 2 else many / 10
    return many if at % 5 < 1 else 0
pool, start, most = [], time.time(), 0
def worker(event): event.wait()
while time.time() - start < 22:
    want = int(wanted(time.time() - start))
    while len(pool) < want:
        event = threading.Event()
        threading.Thread(target=worker, args=(event,), daemon=True).start()
        pool.append(event)
    while len(pool) > want: pool.pop().set()
    most = max(most, len(pool))
    time.sleep(0.05)
while pool: pool.pop().set()
print(kind, "reached", most // 10 * 10)`;

const BLOCK = `package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); t := syscall.NsecToTimespec(1500e6); syscall.Nanosleep(&t, nil) }()
	}
	wg.Wait()
	fmt.Println("ok", n)
}
`;

const python = (name, kind, share) => ({
  name,
  needs: ['python3'],
  files: { 'shapes.py': SHAPES },
  script: `python3 shapes.py ${kind} $((MANY * ${share} / 100))`,
});

export const shapes = [
  { name: 'a burst of threads, as fast as they can be made', script: '"$HONEST" threads "$MANY" 1500' },
  { name: 'a burst of processes that wait in epoll', script: '"$HONEST" processes "$((MANY / 2))" 2000' },
  {
    name: 'two bursts of threads, one after the other',
    script: 'for i in 1 2; do "$HONEST" threads "$MANY" 300; done',
  },
  { name: 'churn: threads made and joined', script: '"$MISBEHAVE" churn 20000 20 >churned; wc -l <churned' },
  {
    name: 'Go, 250 blocking calls at once',
    needs: ['go'],
    files: { 'block.go': BLOCK },
    build: 'go build -o block block.go',
    script: './block 250',
  },
  {
    name: 'Go, 1,200 blocking calls at once (360 in a container)',
    needs: ['go'],
    files: { 'block.go': BLOCK },
    build: 'go build -o block block.go',
    script: './block "$((MANY > 1200 ? 1200 : MANY * 9 / 10))"',
  },
  python('a deploy: a pool doubles and stays', 'deploy', 60),
  python('a sine of 8 s', 'sine', 60),
  python('a sawtooth of 4 s', 'sawtooth', 60),
  {
    name: 'bursts of 400 every 5 s (350 in a container)',
    needs: ['python3'],
    files: { 'shapes.py': SHAPES },
    script: 'python3 shapes.py bursts "$((MANY > 400 ? 400 : MANY * 7 / 8))"',
  },
  {
    name: 'a pool whose threads use memory, up to 85 % of memory.max',
    needs: ['python3'],
    memoryMb: 500,
    script: `python3 -c '
import threading, time
held = []
def worker(): held.append(bytearray(b"x") * (3 << 20)); time.sleep(26)
pool = [threading.Thread(target=worker) for _ in range(120)]
for thread in pool: thread.start(); time.sleep(0.1)
for thread in pool: thread.join()
print(len(held), "held")'`,
  },
  {
    name: 'what a command inherits: signals, limits, timer slack, environment, descriptors',
    script: `grep -E '^(Sig[BCI]|Shd|Cap|NoNew|Seccomp:|Cpus_allowed_list|Umask|Groups|Uid|Gid)' /proc/self/status
cat /proc/self/timerslack_ns /proc/self/oom_score_adj
grep -v 'Max processes' /proc/self/limits
chrt -p $$ | sed 's/.*: //'; ionice -p $$; nice
env | grep -v '^_=' | sort; ls /proc/self/fd; ulimit -Su 300; sleep 2.5; ulimit -Su; ps -o sid=,pgid= -p $$ | wc -w`,
  },
];
