# Runs in the lab's kernel, as pid 1. Prints facts as "LAB name value"; the test on the outside reads them.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
say() { echo "LAB $*"; }
# The line of a log that says what contains the target, and the ones that say what went wrong.
tell() { grep -E '"event":"(contained|dump|error|exit)"|^threadguard: |hint: ' "$2" | while read -r line; do say "log_$1" "$line"; done; }
can_fork() { (sleep 0) 2>/dev/null && echo yes || echo no; }
say kernel "$(uname -r)"
say controllers "$(cat /sys/fs/cgroup/cgroup.controllers)"
echo 700 >/proc/sys/kernel/pid_max
[ "$LAB_SCENARIO" = ceilings ] || echo 600 >/proc/sys/kernel/threads-max

case $LAB_SCENARIO in
  guarded)
    bomb() { # It divides its own cgroup first: there the kernel counts what it refuses in the innermost one.
      if [ $LAB_MODE = nested ]; then
        set -- sh -c 'own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup) && mkdir $own/inner && echo 0 >$own/inner/cgroup.procs && echo +pids >$own/cgroup.subtree_control && exec "$0" thread 100000 60' "$LAB_BOMB"
      else
        set -- "$LAB_BOMB" $LAB_MODE 100000 60
      fi
      exec "$LAB_ROOT/bin/threadguard" run --incident-dir /tmp/incidents --log-format json --grace 1s --budget 50% -- "$@"
    }
    bomb 2>/tmp/log &
    guard=$!
    while ! grep -q '"event":"trip"' /tmp/log && kill -0 $guard 2>/dev/null; do sleep 0.2; done
    say forks_at_trip "$(can_fork)"
    wait $guard
    say exit $?
    say forks_after "$(can_fork)"
    say left "$(ls -d /sys/fs/cgroup/threadguard/threadguard-* 2>/dev/null | wc -l)"
    while read -r line; do say log "$line"; done </tmp/log
    ;;
  guard-stopped)
    "$LAB_ROOT/bin/threadguard" run --incident-dir /tmp/incidents --log-format json --budget 50% -- "$LAB_BOMB" $LAB_MODE 100000 60 2>/tmp/log &
    guard=$!
    # Stopped once the bomb runs: before the fork there is nothing to hold.
    while [ "$(cat /sys/fs/cgroup/threadguard/threadguard-*/pids.current 2>/dev/null || echo 0)" -lt 5 ]; do sleep 0.1; done
    kill -STOP $guard
    sleep 6
    say forks_while_stopped "$(can_fork)"
    say cap "$(cat /sys/fs/cgroup/threadguard/threadguard-*/pids.max)"
    say peak "$(cat /sys/fs/cgroup/threadguard/threadguard-*/pids.current)"
    ;;
  bare)
    # A shell that cannot fork ends itself, so the question is put by a program that is there before.
    python3 -c '
import os, time
# Ahead of the bomb, as the guard is.
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
open("/tmp/ready", "w").close()
time.sleep(6)
try:
    if os.fork() == 0: os._exit(0)
    print("yes")
except OSError:
    print("no")' >/tmp/answer &
    asker=$!
    while [ ! -e /tmp/ready ]; do sleep 0.2; done
    "$LAB_BOMB" $LAB_MODE 100000 60 2>/dev/null &
    wait $asker
    read -r answer </tmp/answer
    say forks_at_peak "$answer"
    ;;
  ceilings)
    . "$LAB_DIR/guest/ceilings.sh"
    ;;
  bad-ground)
    # A cgroup tree that may be read only, and a disk with no room for evidence.
    mount -o remount,ro /sys/fs/cgroup
    guard() { "$LAB_ROOT/bin/threadguard" run --log-format json "$@" 2>/tmp/log; say exit_$name $?; tell $name /tmp/log; }
    name=readonly guard --incident-dir /tmp/incidents -- true
    name=required guard --incident-dir /tmp/incidents --require-containment -- true
    mount -o remount,rw /sys/fs/cgroup
    # A target of root takes the guard its open files away.
    name=lowered guard --incident-dir /tmp/incidents --grace 1s --max-tasks 100 -- sh -c 'prlimit --pid $PPID --nofile=3:3; exec "$0" "$1" 100000 60' "$LAB_BOMB" $LAB_MODE
    say left_lowered "$(ls -d /sys/fs/cgroup/threadguard/threadguard-* 2>/dev/null | wc -l)"
    mkdir -p /tmp/full && mount -t tmpfs -o size=64k tmpfs /tmp/full
    dd if=/dev/zero of=/tmp/full/zeros bs=1k 2>/dev/null
    mkdir -p /tmp/incidents
    name=daemons guard --incident-dir /tmp/incidents --restart on-failure --max-restarts 1/1m --restart-delay 1ms -- sh -c 'sleep 60 & exit 1'
    say contained_daemons "$(grep -o '"by":"cgroup-v2"' /tmp/log | wc -l)"
    name=full guard --incident-dir /tmp/full --grace 1s --budget 50% -- "$LAB_BOMB" $LAB_MODE 100000 60
    ;;
  container)
    # As the engine of a container leaves it: inside of a limit of its own, with nothing that can be written.
    mkdir /sys/fs/cgroup/box
    echo +pids >/sys/fs/cgroup/cgroup.subtree_control
    echo 60 >/sys/fs/cgroup/box/pids.max
    install -d -o 1234 /tmp/incidents-plain
    in_box() { # NAME PREFIX...: a guard inside, started once nothing can be written any more.
      name=$1
      shift
      sh -c 'echo 0 >/sys/fs/cgroup/box/cgroup.procs && : >/tmp/in && while [ ! -e /tmp/ro ]; do sleep 0.1; done; exec "$@"' sh \
        "$@" "$LAB_ROOT/bin/threadguard" run --grace 1s --incident-dir /tmp/incidents-$name -- "$LAB_BOMB" $LAB_MODE 100000 60 >/tmp/out 2>&1 &
      boxed=$!
      while [ ! -e /tmp/in ]; do sleep 0.1; done
      mount -o remount,ro /sys/fs/cgroup
      : >/tmp/ro
      while ! grep -q '^threadguard: trip' /tmp/out && kill -0 $boxed 2>/dev/null; do sleep 0.2; done
      say forks_beside_$name "$(can_fork)"
      wait $boxed
      say exit_$name $?
      grep -E 'held by|warns at|trip:|note:|stopped by' /tmp/out | while read -r line; do say "said_$name" "$line"; done
      say tasks_in_$name "$(cat /sys/fs/cgroup/box/pids.current)"
      mount -o remount,rw /sys/fs/cgroup
      rm -f /tmp/in /tmp/ro
    }
    in_box root
    in_box plain setpriv --reuid=1234 --regid=1234 --clear-groups env HOME=/tmp
    ;;
  broker)
    # The example on a kernel and a cgroup v2 of its own. One slow processor that others share: fewer tasks, a few seconds,
    # and who is greeted at all counts. The bench asks for 900 ms.
    ip link set lo up
    echo +pids >/sys/fs/cgroup/cgroup.subtree_control
    node "$LAB_ROOT/examples/mq-broker/story.mjs" nats --seconds 12 --tasks 250 --greeted-ms 5000 --json >/tmp/story.json 2>/tmp/story.err
    say exit_story $?
    while read -r line; do say err "$line"; done </tmp/story.err
    say story "$(node -e 'const { guarded: g } = JSON.parse(require("fs").readFileSync("/tmp/story.json")); console.log(JSON.stringify({ greeted: Math.min(...g.afterNeighbour.map((one) => one.greeted)), lost: g.lost, lives: g.brokerLives, ended: g.neighbourEnded, line: g.incident?.line }))')"
    ;;
  places)
    # Where users are: a shell in the scope of its session, in a scope with others, of a plain user with a manager of its own.
    guarded() { # NAME, then what starts the guard there
      name=$1
      shift
      "$@" -- "$LAB_BOMB" $LAB_MODE 100000 60 >/tmp/out 2>&1 </dev/null
      say exit_$name $?
      grep -E 'held by|^threadguard: trip|whole tree|stopped by|systemd|hint|refused' /tmp/out | while read -r line; do say "said_$name" "$line"; done
      say left_$name "$(find /sys/fs/cgroup -name 'threadguard-*.scope' -o -name 'threadguard-[0-9]*' | wc -l)"
    }
    guard="$LAB_ROOT/bin/threadguard run --incident-dir /tmp/incidents --grace 1s --max-tasks 120"
    in_scope() { systemd-run --quiet --scope "$@"; }
    guarded session in_scope --unit=session-1 --slice=user-0.slice sh -c "sleep 200 & exec $guard \"\$@\"" sh
    guarded busy in_scope -p Delegate=yes sh -c "sleep 200 & exec $guard \"\$@\"" sh
    guarded alone in_scope -p Delegate=yes $guard
    # Its name and its slice while it runs, and what keeps the reserve.
    in_scope --unit=session-2 --slice=user-0.slice sh -c "sleep 200 & exec $guard -- sleep 8" 2>/tmp/out &
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do grep -q 'held by' /tmp/out && break; sleep 0.5; done
    scope=$(systemctl list-units --plain --no-legend 'threadguard-*.scope' | cut -d' ' -f1)
    say scope "$scope"
    say description "$(systemctl show -P Description "$scope")"
    say slice "$(systemctl show -P ControlGroup "$scope")"
    say pen "$(systemctl show -P TasksMax user-0-threadguard.slice)"
    wait
    sleep 0.5
    say gone "$(systemctl list-units --plain --no-legend 'threadguard-*.scope' | wc -l)"
    systemctl start dbus.socket dbus.service
    systemctl start user@1234.service
    say manager "$(systemctl show -P ActiveState user@1234.service)"
    install -d -o 1234 /tmp/plain
    plain="$LAB_ROOT/bin/threadguard run --incident-dir /tmp/plain --grace 1s --max-tasks 120"
    guarded plain in_scope --unit=session-3 --slice=user-1234.slice setpriv --reuid=1234 --regid=1234 --clear-groups env HOME=/home/plain XDG_RUNTIME_DIR=/run/user/1234 sh -c "sleep 200 & exec $plain \"\$@\"" sh
    # systemd that cannot be asked: the next best, and why.
    guarded deaf in_scope --unit=session-4 --slice=user-0.slice env PATH=/nowhere:/usr/bin:/bin unshare -m sh -c "mount -t tmpfs tmpfs /run/systemd && mkdir /run/systemd/system; sleep 200 & exec $guard \"\$@\"" sh
    ;;
  systemd)
    for name in delegated plain required; do
      systemctl start $name.service 2>/dev/null
      say exit_$name "$(systemctl show -P ExecMainStatus $name.service)"
      say result_$name "$(systemctl show -P Result $name.service)"
      tell $name /tmp/$name.log
    done
    for name in capped hardened; do
      systemctl start --no-block $name.service
      for _ in $(seq 200); do grep -q '"event":"trip"' /tmp/$name.log 2>/dev/null && break; sleep 0.5; done
      say forks_beside_$name "$(can_fork)"
      for _ in $(seq 200); do [ "$(systemctl show -P ActiveState $name.service)" = activating ] || break; sleep 0.5; done
      say exit_$name "$(systemctl show -P ExecMainStatus $name.service)"
      tell $name /tmp/$name.log
    done
    for name in tight nojit; do
      systemctl start --no-block $name.service
      for _ in $(seq 300); do case $(systemctl show -P ActiveState $name.service) in failed) break ;; esac; sleep 0.5; done
      say exit_$name "$(systemctl show -P ExecMainStatus $name.service)"
      say held_$name "$(grep -o '"by":"cgroup-v2"' /var/lib/threadguard/$name/log)"
      say exposure_$name "$(systemd-analyze security $name.service 2>/dev/null | sed -n 's/.*exposure level[^:]*: \([0-9.]*\) .*/\1/p')"
    done
    systemctl start staying.service
    while ! grep -q '"event":"sample"' /tmp/staying.log 2>/dev/null; do sleep 0.2; done
    inside=$(find /sys/fs/cgroup/system.slice/staying.service -name 'threadguard-*')
    say leaves_staying "$(echo "$inside" | wc -l)"
    say counted_staying "$(for dir in $inside; do cat $dir/pids.current; done | tr '\n' ' ')"
    systemctl stop staying.service
    say result_staying "$(systemctl show -P Result staying.service)"
    # Type=notify: the start returns when the guard has said that it is ready.
    systemctl start notifying.service
    say active_notifying "$(systemctl show -P ActiveState notifying.service)"
    say status_notifying "$(systemctl show -P StatusText notifying.service)"
    sleep 8
    say active_watched "$(systemctl show -P ActiveState notifying.service)"
    systemctl stop notifying.service
    say result_notifying "$(systemctl show -P Result notifying.service)"
    # A guard that sleeps is found by its watchdog, and its command goes with it.
    systemctl start notifying.service
    kill -STOP "$(systemctl show -P MainPID notifying.service)"
    for _ in $(seq 30); do
      [ "$(systemctl show -P ActiveState notifying.service)" = active ] || break
      sleep 1
    done
    sleep 4
    say result_asleep "$(systemctl show -P Result notifying.service)"
    systemctl start made.service
    say active_made "$(systemctl show -P ActiveState made.service)"
    say state_made "$(stat -c '%U' /var/lib/threadguard/made)"
    echo 'maxTasks: 30' >/etc/made.yaml
    systemctl reload made.service
    for _ in $(seq 120); do grep -q '"event":"reload"' /var/lib/threadguard/made/log && break; sleep 0.5; done
    say reloaded_made "$(grep -c '"event":"reload"' /var/lib/threadguard/made/log)"
    systemctl stop made.service
    say result_made "$(systemctl show -P Result made.service)"
    # Beside a service: it is the main process, and in a cgroup of its own.
    systemctl start beside.service
    for _ in $(seq 120); do grep -q 'held by pids cgroup' /tmp/beside.log && break; sleep 0.5; done
    say main_beside "$(tr '\0' ' ' </proc/$(systemctl show -P MainPID beside.service)/cmdline | cut -c1-10)"
    say leaves_beside "$(find /sys/fs/cgroup/system.slice/beside.service -name 'threadguard-*' | wc -l)"
    systemctl stop beside.service
    say result_beside "$(systemctl show -P Result beside.service)"
    # The guard runs out of memory: systemd ends what it leaves behind.
    systemctl start oomed.service
    systemctl set-property --runtime oomed.service MemoryMax=12M MemorySwapMax=0
    for _ in $(seq 30); do
      [ "$(systemctl show -P ActiveState oomed.service)" = active ] || break
      sleep 1
    done
    say left_oomed "$(cat /sys/fs/cgroup/system.slice/oomed.service/*/cgroup.procs 2>/dev/null | wc -l)"
    say result_oomed "$(systemctl show -P Result oomed.service)"
    # A command that ignores SIGTERM is killed when systemd's own time is over.
    systemctl start stubborn.service
    systemctl stop stubborn.service
    say result_stubborn "$(systemctl show -P Result stubborn.service)"
    say left "$(find /sys/fs/cgroup -name 'threadguard-*' | wc -l)"
    ;;
esac
say done
sync
echo o >/proc/sysrq-trigger 2>/dev/null
exec poweroff -f
