# Units of the lab under systemd: one service that may have cgroups of its own, one that may not, one that stays.
# Sourced by init.sh in the root that systemd will see.
units=run/systemd/system
mkdir -p $units
guard="$LAB_ROOT/bin/threadguard run --log-format json --incident-dir /tmp/incidents"
cat >$units/lab.target <<UNIT
[Unit]
Requires=lab.service
After=lab.service
UNIT
cat >$units/lab.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
Environment=LAB_ROOT=$LAB_ROOT LAB_BOMB=$LAB_BOMB LAB_MODE=$LAB_MODE LAB_SCENARIO=$LAB_SCENARIO
ExecStart=/bin/sh $LAB_DIR/guest/scenario.sh
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
UNIT
service() { # NAME DELEGATE TYPE COMMAND
  cat >$units/$1.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=$3
Delegate=$2
KillMode=mixed
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=$guard --log-file /tmp/$1.log $4
UNIT
}
service delegated yes oneshot "--budget 50% -- $LAB_BOMB $LAB_MODE 100000 60"
service plain no oneshot "-- /bin/true"
service required no oneshot "--require-containment -- /bin/true"
service staying yes exec "-- /bin/sleep 60"
service notifying yes notify "--grace 1s -- /bin/sleep 60"
service oomed yes notify "-- /bin/sleep 60"
service stubborn yes notify "-- /bin/sh -c 'trap \"\" TERM; while :; do sleep 1; done'"
# Nothing delegated: the limit of the unit is what stands around, as root and as the user of a hardened unit.
service capped no oneshot "--grace 1s -- $LAB_BOMB fork 100000 60"
printf 'TasksMax=60\n' >>$units/capped.service
cat >$units/hardened.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
DynamicUser=yes
TasksMax=60
StateDirectory=hardened
NoNewPrivileges=yes
ProtectSystem=strict
# With DynamicUser= /tmp is another one, and the lab may stand in it.
BindReadOnlyPaths=$LAB_ROOT $(dirname "$LAB_BOMB")
ProtectControlGroups=yes
ProtectKernelTunables=yes
CapabilityBoundingSet=
RestrictNamespaces=yes
LockPersonality=yes
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=$LAB_ROOT/bin/threadguard run --log-format json --incident-dir /var/lib/hardened --grace 1s -- $LAB_BOMB fork 100000 60
StandardError=append:/tmp/hardened.log
UNIT
# What guards of the machine below left there, it is an overlay, belongs to another story.
rm -rf var/lib/threadguard
# As `threadguard unit` prints it, but for what this small system has not.
echo 'maxTasks: 40' >etc/made.yaml
# The unit is printed inside, where its paths are what they will be.
unit() { chroot . "$LAB_ROOT/bin/threadguard" unit "$@"; }
unit --user daemon made --config /etc/made.yaml --log-file /var/lib/threadguard/made/log --log-format json -- /bin/sleep 60 >$units/made.service
# The same for a bomb of root, and once more where V8 may not compile.
unit tight --max-tasks 40 --grace 1s --log-file /var/lib/threadguard/tight/log --log-format json -- "$LAB_BOMB" fork 100000 60 >$units/tight.service
unit --user daemon nojit --max-tasks 40 --grace 1s --log-file /var/lib/threadguard/nojit/log --log-format json -- "$LAB_BOMB" fork 100000 60 >$units/nojit.service
unit beside --sidecar --log-file /tmp/beside.log -- /bin/sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done' >$units/beside.service
for name in made beside tight nojit; do
  mkdir -p $units/$name.service.d
  # With PrivateTmp= /tmp is another one, and the lab may stand in it.
  printf '[Unit]\nDefaultDependencies=no\nAfter=\n[Service]\nBindReadOnlyPaths=%s %s\n' "$LAB_ROOT" "$(dirname "$LAB_BOMB")" >$units/$name.service.d/lab.conf
done
printf 'MemoryDenyWriteExecute=yes\n' >>$units/nojit.service.d/lab.conf
for name in notifying stubborn; do
  printf 'WatchdogSec=4\nTimeoutAbortSec=2\nTimeoutStopSec=4\nRestartPreventExitStatus=113\n' >>$units/$name.service
done

# The bus, over which a user's manager has a process of another cgroup moved. Nothing of what it is usually ordered after.
for unit in dbus.socket dbus.service; do
  mkdir -p $units/$unit.d
  printf '[Unit]\nDefaultDependencies=no\nRequires=\nAfter=\n' >$units/$unit.d/lab.conf
done
# A manager of a plain user's own, to which systemd gives the pids controller, as logind has it started.
mkdir -p run/user/1234/systemd home/plain
chown -R 1234:1234 run/user/1234 home/plain
echo plain:x:1234:1234::/home/plain:/bin/sh >>etc/passwd
echo plain:x:1234: >>etc/group
cat >$units/user@1234.service <<UNIT
[Unit]
DefaultDependencies=no
[Service]
User=1234
Group=1234
Type=notify
Slice=user-1234.slice
Delegate=pids memory
KillMode=mixed
Environment=XDG_RUNTIME_DIR=/run/user/1234 HOME=/home/plain PATH=/usr/bin:/bin DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1234/none
ExecStart=/lib/systemd/systemd --user --unit=basic.target --log-level=err
UNIT
