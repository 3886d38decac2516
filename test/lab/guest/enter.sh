#!/bin/sh
# enter.sh CGROUP COMMAND [ARG...]: runs the command in that cgroup.
echo 0 >"$1/cgroup.procs" || exit 1
shift
exec "$@"
