#!/usr/bin/env bash
# aarch64.sh - the library's tests as on a 64-bit Arm (`make check-aarch64`).
#
# Cross-compiles them with gcc and runs them in qemu's user mode: a machine that
# has no AVX, where the portable kernel is the only one. What is left out tests
# the runner and the chart scripts, by starting programs of the host.
set -u
cd "$(dirname "$0")/.." || exit 1

triple=aarch64-linux-gnu
export PKG_CONFIG_LIBDIR=/usr/lib/$triple/pkgconfig
if ! command -v $triple-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null ||
    ! pkg-config --exists zlib libpng check; then
    echo "check-aarch64: the cross compiler, qemu or the Arm libraries are missing."
    echo "On Debian and Ubuntu:"
    echo "    dpkg --add-architecture arm64 && apt-get update"
    echo "    apt-get install gcc-$triple qemu-user zlib1g-dev:arm64 \\"
    echo "        libpng-dev:arm64 check:arm64"
    exit 1
fi

tests=()
for source in tests/test_*.c; do
    name=$(basename "$source" .c)
    case $name in
    test_testing | test_scripts | test_chart*) ;;
    *) tests+=("build/aarch64/tests/$name") ;;
    esac
done
make -j2 CC=$triple-gcc CONFIG=aarch64 "${tests[@]}" &&
    RUN_WITH=qemu-aarch64 tests/run.sh "${tests[@]}"
