#!/bin/sh
# First process of the lab's own kernel: an overlay keeps every write off the real disk, then the scenario runs.
mount -t proc proc /proc
mount -t tmpfs tmpfs /tmp
insmod "/usr/lib/uml/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko" || insmod "/lib/modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko"
mkdir -p /tmp/upper /tmp/work /tmp/root
mount -t overlay overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work /tmp/root || { echo "LAB no overlay"; poweroff -f; }
cd /tmp/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t devtmpfs devtmpfs dev 2>/dev/null
exec chroot . /bin/sh "$LAB_DIR/guest/scenario.sh"
