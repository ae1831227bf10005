#!/bin/sh
# boot.sh NAME FINIS OUT STEP...: boots the kernel NAME (fetched before) under QEMU with the
# command FINIS in its initial RAM disk, plays each STEP ('name command…') and leaves in the
# folder OUT: console.txt, and for each step NAME.out, NAME.err, NAME.status. Nothing of the
# machine is seen from within but the program and the libraries that it names.
#
# ACCEL=kvm makes it fast where that works; the default emulates (no rights needed).
# GUEST_SECONDS: how long the guest may take at most.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
store=${KERNELS:-$here/../../build/kernels}
name=$1 finis=$2 out=$3
shift 3

root=$store/$name/root
vmlinuz=$(find "$root" -name 'vmlinuz*' -type f | head -n 1)
[ -n "$vmlinuz" ] || { echo "kernels: Linux $name was not fetched" >&2; exit 2; }
ram=$out/ram
rm -rf "$out"
mkdir -p "$ram/bin" "$ram/modules" "$ram/proc" "$ram/sys" "$ram/dev" || exit 2

busybox=$(command -v busybox) || { echo 'kernels: busybox is needed (busybox-static)' >&2; exit 2; }
if ldd "$busybox" 2>/dev/null | grep -q '=>'; then
        echo 'kernels: this busybox is not static; Debian has busybox-static' >&2
        exit 2
fi
cp "$busybox" "$ram/bin/busybox"
cp "$here/init" "$ram/init"
chmod 755 "$ram/init"
cp "$finis" "$ram/bin/finis" || exit 2
# The loader and the libraries at the paths at which the program looks for them.
for library in $(ldd "$finis" 2>/dev/null | grep -o '/[^ ]*'); do
        mkdir -p "$ram$(dirname "$library")"
        cp -L "$library" "$ram$library"
done
for module in inet_diag tcp_diag veth; do
        file=$(find "$root" -name "$module.ko*" | head -n 1)
        case $file in
        *.xz) xz -dc "$file" >"$ram/modules/$module.ko" ;;
        *.zst) zstd -qdc "$file" >"$ram/modules/$module.ko" ;;
        ?*) cp "$file" "$ram/modules/$module.ko" ;;
        esac
done
: >"$ram/steps"
for step in "$@"; do
        echo "$step" >>"$ram/steps"
done
(cd "$ram" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initrd.gz" || exit 2
rm -rf "$ram"

case ${ACCEL:-tcg} in
kvm) accel=kvm cpu=host ;;
# Of what -cpu max shows in emulation, Linux 7 does not boot with some; this set serves all.
*) accel=tcg,thread=multi cpu=Haswell-v4,-hle,-rtm ;;
esac

timeout "${GUEST_SECONDS:-7200}" qemu-system-x86_64 -accel "$accel" -cpu "$cpu" -smp "${GUEST_CPUS:-2}" \
        -m 1024 -display none -monitor none -no-reboot -nic none \
        -serial "file:$out/console.txt" -serial "file:$out/results.txt" \
        -kernel "$vmlinuz" -initrd "$out/initrd.gz" \
        -append 'console=ttyS0 panic=-1 quiet mitigations=off' </dev/null >"$out/qemu.txt" 2>&1
status=$?
[ "$status" -eq 0 ] || echo "kernels: QEMU with Linux $name ended with status $status: $(tail -n 1 "$out/qemu.txt")" >&2
python3 "$here/unpack.py" "$out"
