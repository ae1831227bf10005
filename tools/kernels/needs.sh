# shellcheck shell=sh
# Sourced. What a boot needs: QEMU to emulate, busybox for the first process, cpio and xz to pack.

kernels_missing() {
        absent=
        for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio xz:xz-utils; do
                command -v "${pair%%:*}" >/dev/null 2>&1 || absent="$absent ${pair#*:}"
        done
        echo "$absent"
}

# Status 0 when all is there.
kernels_need() {
        missing=$(kernels_missing)
        if [ -n "$missing" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
                echo "kernels: installing what is missing:$missing" >&2
                # shellcheck disable=SC2086
                DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q install -y \
                        --no-install-recommends $missing >/dev/null 2>&1 </dev/null
                missing=$(kernels_missing)
        fi
        [ -z "$missing" ] || { echo "missing, by their names in Debian:$missing"; return 1; }
}
