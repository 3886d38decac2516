# leak.py [KIND [RATE [COUNT]]]: three sites in random order, 60, 30 and 10 of a hundred, the same in each run.
# KIND: thread, pool, fork, subprocess. RATE: so many a second, 0 for as fast as it goes. COUNT: so many in all, then it waits.
import os, random, signal, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

kind = sys.argv[1] if len(sys.argv) > 1 else "thread"
rate = float(sys.argv[2]) if len(sys.argv) > 2 else 50
count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000

never = threading.Event()
pools = []

def wait():
    never.wait()

def thread():
    threading.Thread(target=wait, daemon=True).start()

def pool():
    pools.append(ThreadPoolExecutor(1))
    pools[-1].submit(wait)

def fork():
    if os.fork() == 0:
        os._exit(0)

def run():
    subprocess.Popen(["true"])

make = {"thread": thread, "pool": pool, "fork": fork, "subprocess": run}[kind]

def handle_request():
    make()

def refresh_cache():
    extra = str(count)
    make()

def rotate_logs():
    make()

def main():
    if kind in ("fork", "subprocess"):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    threading.stack_size(256 * 1024)
    picks = random.Random(1)
    begin = time.monotonic()
    for done in range(1, count + 1):
        picks.choices([handle_request, refresh_cache, rotate_logs], [60, 30, 10])[0]()
        if rate:
            time.sleep(max(0, begin + done / rate - time.monotonic()))
    print("made", count, flush=True)
    time.sleep(1000)

main()
