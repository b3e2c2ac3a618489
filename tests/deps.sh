#!/usr/bin/env bash
# deps.sh - installs what the programs and tests need (`make deps`).
#
# Knows the package managers in the table's head. Says what is missing and what each thing is for,
# installs only that, and does nothing at all where nothing is missing. The
# exit status is 1 only if something is left missing that building needs.
set -u

# ---- 1. What is needed ------------------------------------------------------

# One line a thing, under a head of the same columns: what it is called here,
# needed or useful, what it is for, and each package manager's packages.
head="thing|kind|purpose|apt-get|dnf|pacman|zypper|apk|brew"
things="\
compiler|needed|compiles C|gcc libc6-dev|gcc glibc-devel|gcc|gcc|gcc musl-dev|gcc
make|needed|builds everything|make|make|make|make|make|make
pkg-config|needed|finds libraries|pkg-config|pkgconf-pkg-config|pkgconf|pkg-config|pkgconf|pkgconf
zlib|needed|reads gzipped MNIST|zlib1g-dev|zlib-devel|zlib|zlib-devel|zlib-dev|zlib
libpng|needed|reads PNG pictures|libpng-dev|libpng-devel|libpng|libpng16-devel libpng16-compat-devel|libpng-dev|libpng
libjpeg|useful|reads JPEG photos|libjpeg-dev|libjpeg-turbo-devel|libjpeg-turbo|libjpeg8-devel|libjpeg-turbo-dev|jpeg-turbo
check|useful|runs the tests|check|check-devel|check|check-devel|check-dev|check
gnuplot|useful|draws the charts|gnuplot-nox|gnuplot|gnuplot|gnuplot|gnuplot|gnuplot
curl|useful|fetches MNIST|curl ca-certificates|curl|curl|curl|curl|curl"

# column NAME: that field of each line on stdin
column() {
    cut -d '|' -f "$(tr '|' '\n' <<<"$head" | grep -n -x -e "$1" | cut -d : -f 1)"
}

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

# ---- 2. Who installs it -----------------------------------------------------

known=$(tr '|' ' ' <<<"${head#*|purpose|}")
manager="" order=$known
[ "$(uname)" != Darwin ] || order=brew
for candidate in $order; do
    command -v "$candidate" >/dev/null || continue
    manager=$candidate
    break
done

# How it brings its lists up to date, where it does not by itself, and installs.
update=()
case $manager in
apt-get)
    update=(apt-get update)
    install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y
        --no-install-recommends)
    ;;
dnf) install=(dnf install -y) ;;
pacman)
    update=(pacman -Sy)
    install=(pacman -S --needed --noconfirm)
    ;;
zypper) install=(zypper --non-interactive install) ;;
apk)
    update=(apk update)
    install=(apk add)
    ;;
brew) install=(brew install) ;;
esac

# as_root COMMAND...: shows it, then runs it, as root but for brew
as_root() {
    if [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ]; then
        set -- "$(command -v sudo || command -v doas)" "$@"
    fi
    echo "+ $*"
    "$@"
}

# install_all PACKAGE...: all at once; if that fails, one by one, so that a
# package which this system does not know does not stop the others
install_all() {
    local package
    [ ${#update[@]} -eq 0 ] || as_root "${update[@]}"
    as_root "${install[@]}" "$@" && return
    [ $# -gt 1 ] || return
    for package in "$@"; do
        as_root "${install[@]}" "$package"
    done
}

# ---- 3. Do it ---------------------------------------------------------------

wanted=$(
    missing needed
    missing useful
)
if [ -z "$wanted" ]; then
    names=$(echo "$things" | column thing | paste -s -d ' ' -)
    echo "deps: everything is here ($names)"
    exit 0
fi

echo "deps: missing are"
echo "$wanted" | while IFS='|' read -r name kind purpose _; do
    printf '    %-12s %s (%s)\n' "$name" "$purpose" "$kind"
done

packages=()
[ -z "$manager" ] ||
    read -r -d '' -a packages < <(echo "$wanted" | column "$manager")
if [ -z "$manager" ]; then
    echo "deps: found none of $known; install them by other means"
elif [ "$manager" != brew ] && [ "$(id -u)" -ne 0 ] &&
    ! command -v sudo >/dev/null && ! command -v doas >/dev/null; then
    echo "deps: this needs root, and there is no sudo. Run as root:"
    echo "    ${install[*]} ${packages[*]}"
else
    echo "deps: installing with $manager: ${packages[*]}"
    install_all "${packages[@]}"
fi

hash -r
[ -n "$compiler" ] || compiler=$(command -v gcc || command -v clang ||
    command -v cc)
left=$(missing useful | column thing | paste -s -d ' ' -)
[ -z "$left" ] || echo "deps: still missing, but not needed to build: $left"
left=$(missing needed | column thing | paste -s -d ' ' -)
if [ -n "$left" ]; then
    echo "deps: still missing and needed to build: $left"
    exit 1
fi
[ -n "$(missing useful)" ] || echo "deps: everything is here now"
