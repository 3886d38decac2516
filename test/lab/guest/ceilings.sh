# Drives a probe into one ceiling after the other and prints what was said before and what came of it:
# "LAB row NAME predicted=… made=… errno=… binding=… path=…". Sourced by scenario.sh.
sysctl() { echo "$2" >/proc/sys/$1; }
field() { sed 's/,"ceilings":.*//' /tmp/said | sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p"; }
mkfifo /tmp/in /tmp/out

row() { # NAME ANSWER PREFIX... -- KIND [STACK_KIB] [BEFORE] [PAD]
  name=$1 answer=$2
  shift 2
  prefix=
  while [ "$1" != -- ]; do prefix="$prefix $1"; shift; done
  shift
  # Held open both ways, so that nobody waits for the other end.
  exec 8<>/tmp/out 9<>/tmp/in
  { $prefix "$LAB_CEILING" "$@"; echo "made 0 errno SIGKILL"; } <&9 >&8 2>/dev/null 8>&- 9>&- &
  while read -r word probe <&8; do [ "$word" = ready ] && break; done
  "$LAB_ROOT/bin/threadguard" limits --json --pid "$probe" >/tmp/said 2>/tmp/err 8>&- 9>&- || say error "$name $(cat /tmp/err)"
  echo go >&9
  # Only what needs no fork from here on: there may be no task left for one.
  last=0
  while read -r word number value errno <&8; do
    [ "$word" = made ] && break
    last=$value
  done
  [ "$errno" = SIGKILL ] && number=$last
  echo stop >&9
  exec 8>&- 9>&-
  wait
  say row "$name|$(field $answer)|$number|$errno|$(field binding)|$(field bindingPath)"
}

# The same question after the fact: which one refused?
explained() { # NAME -- COMMAND of the probe
  name=$1
  shift
  "$LAB_ROOT/bin/threadguard" explain --json --to-the-end -- sh -c "(sleep 1; echo go; sleep 30) | $LAB_CEILING $*" >/tmp/told 2>/tmp/err
  sed -n 's/.*"verdict":"\([a-z]*\)","ceiling":"\([^"]*\)".*/\1|\2/p' /tmp/told >/tmp/verdict
  verdict=
  read -r verdict </tmp/verdict || say error "$name $(cut -c1-900 /tmp/told) $(tail -3 /tmp/err)"
  say explained "$name|$verdict"
}

cg=/sys/fs/cgroup/lab
# Small numbers: with each task of one address space this kernel gets slower.
sysctl kernel/pid_max 450
echo +pids +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir -p $cg/leaf
echo +pids +memory >$cg/cgroup.subtree_control

row "kernel.pid_max, numbers below 300 not yet given out" additionalThreads -- tasks
sysctl kernel/threads-max 150
row "kernel.threads-max, threads" additionalThreads -- tasks
row "kernel.threads-max, processes" additionalProcesses -- fork
explained "kernel.threads-max" tasks
sysctl kernel/threads-max 3000
row "kernel.pid_max, processes" additionalProcesses -- fork
row "kernel.pid_max, numbers all given out once" additionalThreads -- tasks
explained "kernel.pid_max" fork
row "RLIMIT_NPROC, processes" additionalProcesses prlimit --nproc=100 setpriv --reuid=1234 --clear-groups -- fork
echo 100 >$cg/leaf/pids.max
row "pids.max (v2), threads" additionalThreads "$LAB_DIR/guest/enter.sh" $cg/leaf -- tasks
row "pids.max (v2), processes" additionalProcesses "$LAB_DIR/guest/enter.sh" $cg/leaf -- fork
echo 80 >$cg/pids.max
row "pids.max (v2) of an ancestor" additionalThreads "$LAB_DIR/guest/enter.sh" $cg/leaf -- tasks
echo max >$cg/pids.max
echo max >$cg/leaf/pids.max
sysctl kernel/pid_max 1000
sysctl vm/max_map_count 4000
row "vm.max_map_count, threads" additionalThreads -- threads 64 20 3700
row "vm.max_map_count, threads, none made yet" additionalThreads -- threads 64 0 3700
explained "vm.max_map_count" threads 64 0 3700
sysctl vm/max_map_count 65530
# Enough that what the kernel charges in advance (64 pages a processor) is little beside it.
echo 14680064 >$cg/leaf/memory.max
row "memory.max (v2), threads of 64 KiB" additionalThreads "$LAB_DIR/guest/enter.sh" $cg/leaf -- threads 64 20
echo max >$cg/leaf/memory.max
sysctl vm/overcommit_ratio 110
sysctl vm/overcommit_memory 2
row "CommitLimit, overcommit_memory=2" additionalThreads -- threads 8192 8
explained "CommitLimit" threads 8192 8
sysctl vm/overcommit_memory 0
