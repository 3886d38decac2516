# spawner.py N [HOLD_S [then]]: the same mix as spawner.c, in Python.
import os, queue, sys, threading, time

pipe, _ = os.pipe()
idle = queue.Queue()

def park_read():
    os.read(pipe, 1)

def park_wait():
    idle.get()

def park_sleep():
    time.sleep(1000)

def connection():
    park_read()

def worker():
    park_wait()

def ticker():
    park_sleep()

def start(body):
    threading.Thread(target=body, daemon=True).start()

def spawn_connection():
    start(connection)

def spawn_worker():
    start(worker)

def spawn_ticker():
    start(ticker)

def spawn(i):
    if i % 10 < 6:
        spawn_connection()
    elif i % 10 < 9:
        spawn_worker()
    else:
        spawn_ticker()

def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    hold = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    threading.stack_size(64 * 1024)
    end = time.monotonic() + hold
    for i in range(count):
        spawn(i)
    time.sleep(0.2)
    print("ready", os.getpid(), count, flush=True)
    i = 0
    while len(sys.argv) > 3 and time.monotonic() < end:
        try:
            spawn(i)
        except RuntimeError:
            pass
        i += 1
    time.sleep(max(0, end - time.monotonic()))
    os._exit(0)

main()
