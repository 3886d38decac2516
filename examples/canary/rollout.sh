#!/bin/sh
# A rollout by hand: rollout.sh OLD-PID NEW-PID [TIME]. Says what to do, and ends as the canary does.
set -u
threadguard canary --baseline "pid:$1" --candidate "pid:$2" --for "${3:-10m}"
status=$?
case $status in
  0) echo "promote it" ;;
  91) echo "take it back" ;;
  92) echo "look at it before you promote it" ;;
  93) echo "watch it for longer" ;;
  *) echo "the canary itself failed ($status)" ;;
esac
exit $status
