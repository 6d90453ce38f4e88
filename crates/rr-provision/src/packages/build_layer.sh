# Installs packages into a private view of the host; what changes is left in the upper folder.
# Runs in new mount, process, IPC, host-name and network namespaces: nothing of it is seen outside,
# nothing is fetched, and whatever a package starts dies with it.
#
# $1 folder that holds the upper and the work folder  $2 upper  $3 work, empty
# $4 archives  $5 package lists  $6 configuration; then the packages. None: only tries the mounts.
set -eu
umask 022
cd "$1"
upper=$2 work=$3 archives=$4 lists=$5 conf=$6
shift 6
mkdir -p "$work/work" "$work/view"
# Stated because the kernel's defaults differ: the upper folder must make sense by itself.
mount -t overlay overlay \
    -o "lowerdir=/,upperdir=$upper,workdir=$work/work,redirect_dir=off,metacopy=off,index=off" \
    "$work/view"
cd "$work/view"
mount -t tmpfs -o mode=0755 tmpfs dev
for node in null zero full random urandom tty; do
    : >"dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/shm
ln -s /proc/self/fd dev/fd
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys 2>/dev/null || true
mount -t tmpfs -o mode=0755 tmpfs run
mkdir run/lock
mount -t tmpfs -o mode=1777 tmpfs tmp
# Rebuilding the index of manual pages costs seconds.
rm -f var/lib/man-db/auto-update
mkdir -p var/tmp var/cache/apt/archives var/lib/apt/lists
mount -t tmpfs -o mode=1777 tmpfs var/tmp
[ $# -gt 0 ] || exit 0
mount --bind "$archives" var/cache/apt/archives
mount --bind "$lists" var/lib/apt/lists
cp "$conf" tmp/apt.conf
# No package may start its service here.
printf '#!/bin/sh\nexit 101\n' >tmp/policy-rc.d
chmod 755 tmp/policy-rc.d
[ -e usr/sbin/policy-rc.d ] || : >usr/sbin/policy-rc.d
mount --bind tmp/policy-rc.d usr/sbin/policy-rc.d
exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive APT_CONFIG=/tmp/apt.conf \
    apt-get -q -y --no-install-recommends --no-download \
    -o Dir::Cache=/var/cache/apt -o Dir::State::lists=/var/lib/apt/lists \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o Dpkg::Options::=--force-unsafe-io \
    -o Dpkg::Options::=--path-exclude=/usr/share/man/* \
    -o Dpkg::Options::=--path-exclude=/usr/share/info/* \
    -o Dpkg::Options::=--path-exclude=/usr/share/doc/* \
    -o Dpkg::Options::=--path-include=/usr/share/doc/*/copyright \
    install "$@"
