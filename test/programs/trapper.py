# trapper.py SEED DIR VICTIM HOSTILE: several traps at once for a guard that reads and writes with the rights of root, then a bomb.
# SEED picks the traps. DIR belongs to the user of this program, VICTIM is a directory of root that it would like to reach,
# HOSTILE is the program of traps in C. It ignores refusals and goes on until it is ended.
import ctypes
import mmap
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

seed, top, victim, hostile = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
chance = random.Random(seed)
libc = ctypes.CDLL(None)
PR_SET_NAME, PTRACE_TRACEME = 15, 0
NASTY = "\x1b[31m\u202e\"',;\\\n\x00%s$(id)`id`"


def place(name):
    path = os.path.join(top, f"{seed}-{name}")
    os.makedirs(path, exist_ok=True)
    return path


def copy(name, at):
    path = os.path.join(place(at), name)
    shutil.copy(hostile, path)
    return path


def quiet(*words, **options):
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options)


def fifo():
    quiet(hostile, "fifo", copy("x.so", "fifo"), "3")


def report():
    at = place("report")
    options = f"--report-on-signal --report-directory={at}/reports --report-filename=r.json"
    env = {**os.environ, "NODE_OPTIONS": options}
    quiet(copy("node", "report"), "report", f"{at}/reports", "r.json", victim, "3", env=env)


def hole():
    path = os.path.join(place("hole"), "python3.11")
    shutil.copy(hostile, path)
    os.truncate(path, 1 << 30)
    with open(path, "r+b") as file:
        # Section headers that claim what was never written.
        file.seek(40)
        at = int.from_bytes(file.read(8), "little")
        for index in range(30):
            file.seek(at + 64 * index + 32)
            file.write((1 << 29).to_bytes(8, "little"))
    quiet(hostile, "map", path, "3")


def jvm():
    path = os.path.join(place("jvm"), "libjvm.so")
    shutil.copy(hostile, path)
    with open(path, "rb") as file:
        kept.append(mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC))
    listener = socket.socket(socket.AF_UNIX)
    name = f"/tmp/.java_pid{os.getpid()}"
    listener.bind(name)
    kept.append(name)
    listener.listen(5)
    how = chance.choice(["silent", "drip", "endless", "garbage"])

    def answer():
        while True:
            peer, _ = listener.accept()
            try:
                peer.recv(4096)
                line = b'"t" #1 prio=5 tid=0x1 nid=0x1 x \n' + b"\tat a.B.c(B.java:1)\n" * 2000
                peer.sendall(b"0\n")
                while how == "endless":
                    peer.sendall(line * 50)
                while how == "drip":
                    peer.sendall(b"x")
                    time.sleep(0.01)
                while how == "garbage":
                    peer.sendall(os.urandom(65536))
                time.sleep(100)
            except OSError:
                pass

    threading.Thread(target=answer, daemon=True).start()


def names():
    def run(name):
        libc.prctl(PR_SET_NAME, name)
        time.sleep(1000)

    for name in [b"\x1b[31m", b"a\nb", b") R 1 1", b"\xff\xfe", b"'\"$(id)"]:
        threading.Thread(target=run, args=(name,), daemon=True).start()


def arguments():
    word = NASTY.replace("\x00", "") * 3000
    quiet("sh", "-c", "sleep 1000", word, env={"A": word, "NODE_OPTIONS": word})


def stderr():
    def run():
        while True:
            os.write(2, b"panic: runtime error\ngoroutine 1 [running]:\n" + b"\x1b]0;x\x07" * 2000 + b"java.lang.OutOfMemoryError: ")
            time.sleep(0.01)

    threading.Thread(target=run, daemon=True).start()


def stopped():
    for _ in range(3):
        quiet("sleep", "1000").send_signal(signal.SIGSTOP)


def traced():
    pid = os.fork()
    if pid == 0:
        libc.ptrace(PTRACE_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(1000)


def zombies():
    for _ in range(20):
        if os.fork() == 0:
            os._exit(0)


def daemons():
    for _ in range(5):
        quiet("setsid", "sh", "-c", "trap '' TERM HUP INT; (sleep 1000 & sleep 1000) & sleep 1000")


def many_maps():
    for index in range(300):
        name = os.path.join(place("maps"), f"{index}\n{NASTY}".replace("\x00", "").replace("/", ""))
        with open(name, "wb+") as file:
            file.truncate(4096)
            kept.append(mmap.mmap(file.fileno(), 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC))


def nowhere():
    gone = place("gone")
    os.chdir(gone)
    os.rmdir(gone)


def swaps():
    at = place("swaps")

    def run():
        while True:
            for name, to in (("incident.json", "precious"), ("report.json", "precious"), ("core", "precious")):
                try:
                    os.symlink(os.path.join(victim, to), os.path.join(at, name))
                    os.unlink(os.path.join(at, name))
                except OSError:
                    pass
            time.sleep(0.001)

    threading.Thread(target=run, daemon=True).start()


kept = []
traps = [fifo, report, hole, jvm, names, arguments, stderr, stopped, traced, zombies, daemons, many_maps, nowhere, swaps]
if chance.random() < 0.5:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
for trap in chance.sample(traps, chance.randint(3, 6)):
    try:
        trap()
    except Exception:  # one trap that fails is not the end of the others
        pass
threading.stack_size(65536)
make_threads = chance.random() < 0.5
print("ready", os.getpid(), flush=True)
while True:
    try:
        if make_threads:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        elif os.fork() == 0:
            while True:
                time.sleep(1000)
    except (OSError, RuntimeError):
        time.sleep(0.01)
