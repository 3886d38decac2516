#!/bin/sh
# First process of the lab's own kernel: an overlay keeps every write off the real disk, then the scenario runs.
mount -t proc proc /proc
modules=/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs
insmod "$modules/overlay.ko" || insmod "${modules#/usr}/overlay.ko"
# The overlay's own files go over a directory that the project under test does not live in.
for top in /mnt /media /srv; do
  case $LAB_DIR/ in "$top"/*) ;; *) break ;; esac
done
mount -t tmpfs tmpfs "$top"
mkdir -p "$top/upper" "$top/work" "$top/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/root" || { echo "LAB no overlay"; poweroff -f; }
cd "$top/root" || exit 1
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
# A systemd of the host is not this kernel's.
[ ! -d run/systemd ] || mount -t tmpfs tmpfs run/systemd
exec chroot . /bin/sh "$LAB_DIR/guest/scenario.sh"
