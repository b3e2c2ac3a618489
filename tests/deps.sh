#!/usr/bin/env bash
# deps.sh - installs what the programs and tests need (`make deps`).
#
# Knows apt, dnf and brew. Says what is missing and what each thing is for,
# installs only that, and does nothing at all where nothing is missing. The
# exit status is 1 only if something is left missing that building needs.
set -u

# ---- 1. What is needed ------------------------------------------------------

# One line a thing: name|needed or useful|apt|dnf|brew|what it is for
things="\
compiler|needed|gcc libc6-dev|gcc glibc-devel|gcc|compiles C
make|needed|make|make|make|builds everything
pkg-config|needed|pkg-config|pkgconf-pkg-config|pkgconf|finds the libraries
zlib|needed|zlib1g-dev|zlib-devel|zlib|reads gzipped MNIST files
libpng|needed|libpng-dev|libpng-devel|libpng|reads PNG pictures
libjpeg|useful|libjpeg-dev|libjpeg-turbo-devel|jpeg-turbo|reads JPEG photos
check|useful|check|check-devel|check|runs the tests
gnuplot|useful|gnuplot-nox|gnuplot|gnuplot|draws the charts
curl|useful|curl ca-certificates|curl|curl|fetches MNIST"

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT

# The compiler that the Makefile would choose.
compiler=${CC:-}
for candidate in gcc clang cc; do
    [ -n "$compiler" ] && break
    command -v "$candidate" >/dev/null && compiler=$candidate
done

# compiles: the compiler makes a program
compiles() {
    printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' \
        >"$folder/try.c"
    # CC may hold flags of its own, so it is split into words
    # shellcheck disable=SC2086
    [ -n "$compiler" ] &&
        $compiler "$folder/try.c" -o "$folder/try" >/dev/null 2>&1
}

has() {
    case $1 in
    compiler) compiles ;;
    zlib | libpng | libjpeg | check) pkg-config --exists "$1" 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# missing KIND: the lines of the things of that kind which are not here
missing() {
    local line
    echo "$things" | while IFS= read -r line; do
        case $line in
        *"|$1|"*) has "${line%%|*}" || echo "$line" ;;
        esac
    done
}

# column N: that field of each line on stdin
column() {
    cut -d '|' -f "$1"
}

# ---- 2. Who installs it -----------------------------------------------------

# run COMMAND...: shows it, then runs it
run() {
    echo "+ $*"
    "$@"
}

# install PACKAGE...: with the manager found
install() {
    case $manager in
    apt-get)
        run "${as_root[@]}" DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "$@"
        ;;
    dnf) run "${as_root[@]}" dnf install -y "$@" ;;
    brew) run brew install "$@" ;;
    esac
}

# install_all PACKAGE...: all at once; if that fails, one by one, so that a
# package which this system does not know does not stop the others
install_all() {
    local package
    [ "$manager" != apt-get ] || run "${as_root[@]}" apt-get update
    install "$@" && return
    [ $# -gt 1 ] || return
    for package in "$@"; do
        install "$package"
    done
}

as_root=(env)
[ "$(id -u)" -eq 0 ] || as_root=(sudo env)
manager="" packages_in=3
case $(uname) in
Darwin) order="brew" ;;
*) order="apt-get dnf brew" ;;
esac
for candidate in $order; do
    command -v "$candidate" >/dev/null || continue
    manager=$candidate
    case $manager in
    apt-get) packages_in=3 ;;
    dnf) packages_in=4 ;;
    brew) packages_in=5 ;;
    esac
    break
done

# ---- 3. Do it ---------------------------------------------------------------

wanted=$(
    missing needed
    missing useful
)
if [ -z "$wanted" ]; then
    names=$(echo "$things" | column 1 | paste -s -d ' ' -)
    echo "deps: everything is here ($names)"
    exit 0
fi

echo "deps: missing are"
echo "$wanted" | while IFS='|' read -r name kind _ _ _ purpose; do
    printf '    %-12s %s (%s)\n' "$name" "$purpose" "$kind"
done

read -r -d '' -a packages < <(echo "$wanted" | column $packages_in)
if [ -z "$manager" ]; then
    echo "deps: found none of apt, dnf and brew; install them by other means"
elif [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ] &&
    ! command -v sudo >/dev/null; then
    echo "deps: this needs root, and there is no sudo. Run as root:"
    echo "    $manager install ${packages[*]}"
else
    echo "deps: installing with $manager: ${packages[*]}"
    install_all "${packages[@]}"
fi

hash -r
[ -n "$compiler" ] || compiler=$(command -v gcc || command -v clang ||
    command -v cc)
left=$(missing useful | column 1 | paste -s -d ' ' -)
[ -z "$left" ] || echo "deps: still missing, but not needed to build: $left"
left=$(missing needed | column 1 | paste -s -d ' ' -)
if [ -n "$left" ]; then
    echo "deps: still missing and needed to build: $left"
    exit 1
fi
[ -n "$(missing useful)" ] || echo "deps: everything is here now"
