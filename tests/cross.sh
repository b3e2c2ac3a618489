#!/usr/bin/env bash
# cross.sh ARCH [TEST...] - the library's tests, or these (test_tensor), as on
# another machine (`make check-ARCH`):
#
#     aarch64   64-bit Arm: no AVX, so the portable kernel is the only one
#     i686      32-bit x86: pointers and size_t of 4 bytes, floats by SSE2
#     s390x     an IBM mainframe: big-endian, as few machines are today
#
# Cross-compiles them with gcc and runs them in qemu's user mode. The libraries
# for ARCH are fetched from Debian into build/; the system stays as it
# is. What is left out tests the runner and scripts, by starting programs of the
# host.
set -u
cd "$(dirname "$0")/.." || exit 1

arch=${1-}
case $arch in
aarch64) debian=arm64 qemu=qemu-aarch64 libc=libc6-dev-arm64-cross ;;
i686) debian=i386 qemu=qemu-i386 libc=libc6-dev-i386-cross ;;
s390x) debian=s390x qemu=qemu-s390x libc=libc6-dev-s390x-cross ;;
*)
    echo "cross.sh: name a machine: aarch64, i686 or s390x" >&2
    exit 2
    ;;
esac
shift
triple=$arch-linux-gnu
if ! command -v "$triple-gcc" >/dev/null || ! command -v $qemu >/dev/null ||
    ! command -v apt-get >/dev/null; then
    echo "check-$arch: the cross compiler or qemu is missing. On Debian:"
    echo "    apt-get install gcc-$triple $libc qemu-user"
    exit 1
fi

# fetch PACKAGE...: unpacks them for ARCH into $place/root. apt-get gets lists
# of its own, so that it needs no root and changes nothing elsewhere.
place=$PWD/build/cross/$arch
fetch() {
    local apt=(apt-get -qq -o "APT::Architecture=$debian"
        -o "APT::Architectures=$debian" -o "Dir::State=$place"
        -o Dir::State::status=/dev/null -o "Dir::Cache=$place/cache")
    mkdir -p "$place/lists/partial" "$place/cache/archives/partial" &&
        cd "$place" || return 1
    # A list that is not needed may fail; a mirror may be changing just now.
    local package try
    for try in 1 2 3; do
        "${apt[@]}" update 2>/dev/null || true
        "${apt[@]}" download "$@" 2>/dev/null && break
        [ $try -lt 3 ] && sleep 20 || return 1
    done
    for package in ./*.deb; do
        dpkg-deb -x "$package" root.new || return 1
    done
    mv root.new root
}

if [ ! -d "$place/root" ]; then
    rm -rf "$place"
    (fetch zlib1g-dev libpng-dev libjpeg62-turbo-dev check libsubunit-dev) ||
        { echo "check-$arch: cannot fetch the libraries for $arch" && exit 1; }
fi
case $arch in
i686) there=i386-linux-gnu ;; # Debian's name for it
*) there=$triple ;;
esac
export C_INCLUDE_PATH=$place/root/usr/include:$place/root/usr/include/$there

if [ $# -eq 0 ]; then
    for source in tests/test_*.c; do
        name=$(basename "$source" .c)
        case $name in
        test_testing | test_scripts | test_figure* | test_net_figure | test_terminal) ;;
        *) set -- "$@" "$name" ;;
        esac
    done
fi
tests=("${@/#/build/$arch/tests/}")
# Static programs need no libraries where qemu looks for them. Where the
# libraries are is not asked of pkg-config, which knows this machine's.
make -j2 CC="$triple-gcc" CONFIG="$arch" MISSING='' NO_CHECK='' \
    LDFLAGS="-static -Lbuild/cross/$arch/root/usr/lib/$there" LIBS_CFLAGS='' \
    JPEG_CFLAGS=-DHAVE_JPEG JPEG_LIBS=-ljpeg LIBS='-lpng -lz' CHECK_CFLAGS='' \
    CHECK_LIBS='-lcheck -lsubunit -lrt' "${tests[@]}" &&
    RUN_WITH=$qemu tests/run.sh "${tests[@]}"
