# leak.sh RATE COUNT: leaves COUNT processes behind, RATE a second (0: as fast as it can), from three places in the shares 60, 30
# and 10, in an order that a fixed seed gives. Prints what each place left, and waits 30 s. For bash, dash and busybox sh.
open_session() {
  sleep 60 &
}
accept_upload() {
  : an upload
  sleep 60 &
}
start_timer() {
  ( sleep 60; : ) &
}
handle() {
  case $1 in
    [0-5]) open_session ;;
    [6-8]) accept_upload ;;
    *) start_timer ;;
  esac
}
rate=${1:-0} count=${2:-100} seed=17 sessions=0 uploads=0 timers=0 i=0
pause=$((1000000 + 1000000 / (rate > 1 ? rate : 2)))
while [ "$i" -lt "$count" ]; do
  seed=$(((seed * 75 + 74) % 65537))
  dice=$((seed % 10))
  handle "$dice"
  case $dice in
    [0-5]) sessions=$((sessions + 1)) ;;
    [6-8]) uploads=$((uploads + 1)) ;;
    *) timers=$((timers + 1)) ;;
  esac
  i=$((i + 1))
  [ "$rate" = 0 ] || sleep "0.${pause#1}"
done
echo "made $sessions $uploads $timers"
sleep 30
