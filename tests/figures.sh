#!/usr/bin/env bash
# figures.sh [--png FOLDER] [FILE.svg | FOLDER]... - looks at figures as readers
# do, in a browser (`make check-figures`); without names, at those in out.
#
# A headless Chromium draws them in one page, and figures.js in it finds texts
# over texts, cut, small or pale texts, blurred or linked images, and missing
# titles and descriptions. The pictures of tests/figures have these flaws, each
# that of its name (cut_label-clipped.svg has a cut_label), and sound.svg has
# none; if the browser finds anything else there, the check itself is broken.
# --png also leaves screenshots, FOLDER/chNN_NAME.png.
# Last line: figures: N looked at, M with flaws.
set -eu
export LC_ALL=C.UTF-8

tests=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder" 2>/dev/null || { sleep 1 && rm -rf "$folder"; }' EXIT
trap 'exit 130' INT TERM

limit=()
! command -v timeout >/dev/null || limit=(timeout 120)

# fail WORD...: ends the check without a result
fail() {
    echo "figures.sh: $*" >&2
    exit 1
}

# browse FLAG... URL: starts the browser without a window, a net or a memory
browse() {
    ${limit[@]+"${limit[@]}"} "$browser" --headless=new --no-sandbox \
        --disable-gpu --disable-dev-shm-usage --no-first-run --hide-scrollbars \
        --force-device-scale-factor=1 --user-data-dir="$folder/profile" \
        --host-resolver-rules='MAP * ~NOTFOUND' "$@" 2>"$folder/err" && return
    tail -n 3 "$folder/err" >&2
    fail "$browser failed"
}

# pictures FILE | FOLDER...: the SVG files that these names stand for
pictures() {
    local name
    for name in "$@"; do
        [ -e "$name" ] || fail "$name: no such file or folder"
        [ -d "$name" ] || echo "$name"
        [ ! -d "$name" ] || find "$name" -name '*.svg' | sort
    done
}

# page: the pictures named on standard input, for figures.js
page() {
    local file
    echo '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><body>'
    while IFS= read -r file; do
        echo "<script type=\"text/plain\" data-file=\"$(echo "$file" |
            sed 's/&/\&amp;/g; s/"/\&quot;/g')\">$(base64 <"$file")</script>"
    done
    echo '<script src="figures_text.js"></script>'
    echo '<script src="figures.js"></script></body></html>'
}

# measure: lines FILE <tab> KIND <tab> SENTENCE, from figures.js in the page
measure() {
    cp "$tests/figures.js" "$tests/figures_text.js" "$folder"
    page <"$folder/pictures" >"$folder/page.html"
    browse --dump-dom "file://$folder/page.html" >"$folder/dom"
    sed -n '/<pre id="report">/,/<\/pre>/p' "$folder/dom" |
        sed 's/.*<pre id="report">//; s/<\/pre>.*//
            s/&lt;/</g; s/&gt;/>/g; s/&nbsp;/ /g; s/&amp;/\&/g'
}

# check_itself: were the pictures of tests/figures found to be as they are?
check_itself() {
    local file name kinds
    for file in "$folder"/itself/*.svg; do
        name=$(basename "$file" .svg)
        kinds=$(awk -F '\t' -v file="$file" '$1 == file && $2 != "looked" {
            print $2 }' "$folder/report" | sort -u)
        [ "$kinds" = "${name%%-*}" ] || [ "$name:$kinds" = sound: ] ||
            fail "the check itself is broken: $name.svg has ${kinds:-no flaw}"
    done
}

# screenshots: of each picture, as the browser shows its file
screenshots() {
    local file kind size shot
    while IFS='	' read -r file kind size; do
        [ "$kind" = looked ] || continue
        shot=$(cd "$(dirname "$file")" && basename "$PWD")_$(basename "$file" .svg)
        shot=$png/$shot.png
        rm -f "$shot" && cp "$file" "$folder/picture.svg"
        browse --window-size="$size" --screenshot="$shot" \
            "file://$folder/picture.svg" >/dev/null
        [ -s "$shot" ] || fail "$browser took no $shot"
    done
}

browser=$(command -v chromium || command -v chromium-browser ||
    command -v google-chrome) ||
    fail "no browser: install Chromium (on Debian, apt-get install chromium)"
png=
if [ "${1-}" = --png ]; then
    mkdir -p "${2:?--png needs a folder}"
    png=$(cd "$2" && pwd)
    shift 2
fi
[ $# -gt 0 ] || set -- out
cp -r "$tests/figures" "$folder/itself"
pictures "$folder/itself" "$@" >"$folder/pictures"
measure >"$folder/report"
[ "$(tail -n 1 "$folder/report")" = end ] ||
    fail "the browser made no report: $(head -n 3 "$folder/report")"
check_itself
awk -v itself="$folder/itself/" '$0 != "end" && index($0, itself) != 1' \
    "$folder/report" >"$folder/found"
[ -z "$png" ] || screenshots <"$folder/found"
awk -F '\t' '$2 == "looked" { looked++; next }
    { print $1 ": " $3; flawed += !seen[$1]++ }
    END { printf "figures: %d looked at, %d with flaws\n", looked, flawed
          exit flawed > 0 || looked == 0 }' "$folder/found"
