#!/usr/bin/env bash
# fetch.sh SET DIR - fetches the four files of mnist or fashion into DIR
# (`make mnist`, `make fashion`).
#
# Mirrors are tried in turn, $MNIST_MIRROR or $FASHION_MIRROR first (https:// or
# file://); each may hold the files gzipped or plain. A download goes on where an
# earlier one was cut off. A file gets its final name only after its SHA-256 was
# right, so what bears that name is always whole; and no mirror can fill the
# disk: more than the largest file takes is neither downloaded nor unpacked.
set -u

set=${1:?usage: fetch.sh mnist|fashion DIR}
dir=${2:?usage: fetch.sh mnist|fashion DIR}
largest=47040016 # bytes of the training pictures, unpacked

# SHA-256 of the decompressed files
case $set in
mnist)
    first=${MNIST_MIRROR:-}
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist"
        "https://storage.googleapis.com/cvdf-datasets/mnist"
    )
    wanted="\
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte"
    classes=""
    ;;
fashion) # Zalando's; Debian has it as a package
    first=${FASHION_MIRROR:-}
    mirrors=(
        "file:///usr/share/datasets/fashion-mnist"
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"
    )
    wanted="\
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte"
    classes="T-shirt trouser pullover dress coat sandal shirt sneaker bag ankle-boot"
    ;;
*)
    echo "fetch.sh: there is no set '$set': mnist or fashion"
    exit 2
    ;;
esac

say() {
    echo "$set: $*"
}

give_up() {
    say "$*"
    say "The programs still run: they draw synthetic digits instead."
    [ "$set" = mnist ] ||
        say "Debian and Ubuntu have it: apt-get install dataset-fashion-mnist"
    say "To try again, from elsewhere: $(tr '[:lower:]' '[:upper:]' <<<"$set")_MIRROR=https://... make $set"
    say "or copy the four files, gzipped or not, into $dir."
    exit 1
}

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum <"$1"
    else
        shasum -a 256 <"$1"
    fi | cut -d ' ' -f 1
}

# is_right FILE NAME: FILE holds what NAME should hold
is_right() {
    [ -f "$1" ] && [ "$(sha256 "$1")" = "$(hash_of "$2")" ]
}

hash_of() {
    echo "$wanted" | sed -n "s/ $1\$//p"
}

# unpack FILE: what it holds, gzipped or not, but no more than a byte too many.
unpack() {
    if [ "$(head -c 2 "$1" | od -An -tx1 | tr -d ' ')" = 1f8b ]; then
        gunzip -c <"$1" 2>/dev/null
    else
        cat "$1"
    fi | head -c $((largest + 1))
}

# accept PART NAME: if PART, gzipped or not, holds the right bytes, they get
# their final name.
accept() {
    unpack "$1" >"$dir/$2.tmp"
    if is_right "$dir/$2.tmp" "$2"; then
        mv "$dir/$2.tmp" "$dir/$2" && rm -f "$1"
    else
        rm -f "$dir/$2.tmp"
        return 1
    fi
}

# download URL PART: curl's exit status; a PART that is there is continued. The
# system's limit for files, in KiB, also ends a stream that gives no length.
download() (
    local loud=--silent
    [ -t 2 ] && loud=--progress-bar
    ulimit -f $((largest / 1024 + 1))
    trap '' XFSZ # curl then ends with 23
    curl --fail --location "$loud" --show-error --connect-timeout 15 \
        --max-filesize $((largest + 1)) --speed-limit 1000 --speed-time 30 \
        -C - -o "$2" "$1"
)

# fetch URL NAME PART: 0 if the file now has its final name, 1 if this URL does
# not have it, 2 if the mirror cannot be reached (PART is kept for later).
fetch() {
    local resumed status
    while :; do
        resumed=no
        [ ! -L "$3" ] || rm -f "$3" # it would lead elsewhere
        [ -s "$3" ] && resumed=yes
        download "$1" "$3"
        status=$?
        case $status in
        5 | 6 | 7 | 18 | 28 | 35 | 52 | 55 | 56) return 2 ;;
        esac
        [ -f "$3" ] && accept "$3" "$2" && return 0
        # What was resumed may have been cut from something else: start afresh.
        rm -f "$3"
        [ $resumed = yes ] && continue
        [ $status -ne 0 ] || say "$1 does not have the right SHA-256: refused"
        case $status in 23 | 63) say "$1 is larger than any of the files: refused" ;; esac
        return 1
    done
}

# The names that are still missing or wrong in DIR.
missing() {
    local name
    for name in $(echo "$wanted" | cut -d ' ' -f 2); do
        is_right "$dir/$name" "$name" || echo "$name"
    done
}

# from_mirror URL: fetches all that is missing, unless it cannot be reached.
from_mirror() {
    local name ending
    for name in $(missing); do
        for ending in .gz ""; do
            fetch "$1/$name$ending" "$name" "$dir/$name$ending.part"
            case $? in
            0) say "$name: fetched, SHA-256 is right" && break ;;
            2) return 1 ;;
            esac
        done
    done
}

command -v sha256sum >/dev/null || command -v shasum >/dev/null ||
    give_up "neither sha256sum nor shasum is installed"
mkdir -p "$dir" || give_up "cannot make the folder $dir"
if [ -n "$classes" ]; then
    tr ' ' '\n' <<<"$classes" >"$dir/classes.txt"
fi
if [ -z "$(missing)" ]; then
    say "all four files are already in $dir"
    exit 0
fi
if [ "$set" = fashion ] && [ ! -d /usr/share/datasets/fashion-mnist ] &&
    [ -z "$first" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing Debian's package dataset-fashion-mnist"
    apt-get install -y -qq dataset-fashion-mnist >/dev/null 2>&1 ||
        say "it cannot be installed"
fi
command -v curl >/dev/null || give_up "curl is not installed: run \`make deps\`"
trap 'rm -f "$dir"/*-ubyte.tmp' EXIT
trap 'exit 130' INT TERM

for mirror in ${first:+"$first"} "${mirrors[@]}"; do
    say "trying $mirror"
    from_mirror "${mirror%/}" || say "$mirror cannot be reached"
    if [ -z "$(missing)" ]; then
        say "all four files are in $dir"
        exit 0
    fi
done
give_up "could not fetch: $(missing | tr '\n' ' ')"
