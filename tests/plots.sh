#!/usr/bin/env bash
# plots.sh CHAPTER... - draws every figure of these chapters (`make plots`), the
# last of which may be "common", the library.
#
# Runs each program with its default settings, as a reader would (PLOTS_LIMIT=500
# makes it a quick look: --limit 500 where a program has it; PLOTS_SECONDS=2 runs
# only those that take no longer). With FORMAT (svg,
# png, pdf, tikz), THEME (paper, slide, dark) or TEXT (zh) it only draws again
# what earlier runs have left; what has never run is run first. Then it writes
# out/index.html: all figures in reading order, what they show, where they come
# from.
set -u
unset CDPATH

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$root" || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
mkdir -p out || exit 1
# Which command made which figure: "ch06/lenet_curves<tab>./lenet"
made=out/commands.txt
touch "$made" || exit 1
again=${FORMAT:-}${THEME:-}${TEXT:-}

# ---- 1. Run the programs ----------------------------------------------------

# programs CHAPTER: its programs in reading order, a reader's own at the end
programs() {
    local source name
    awk -F '\t' -v chapter="${1#ch}" -v most="${PLOTS_SECONDS:-999}" \
        '$1 == chapter && $4 <= most { print $2 }' tests/programs.tsv
    [ -z "${PLOTS_SECONDS:-}" ] || return 0
    for source in "$1"_*/*.c; do
        [ -f "$source" ] || continue
        name=$(basename "$source" .c)
        grep -q "^${1#ch}	$name	" tests/programs.tsv || echo "$name"
    done
}

# note COMMAND: remembers it for every figure named in the log. Figures that the
# program drew earlier and no longer draws are removed.
note() {
    local figure old
    old=$(grep "	${1%% *}\( \|\$\)" "$made" | cut -f 1)
    for figure in $old; do
        grep -q "^chart: out/$figure\." "$log" || rm -f "out/$figure".*
    done
    grep -v "	${1%% *}\( \|\$\)" "$made" >"$made.new"
    mv "$made.new" "$made"
    sed -n 's/^chart: out\/\(.*\)\.[a-z]*$/\1/p' "$log" |
        while IFS= read -r figure; do
            printf '%s\t%s\n' "$figure" "$1" >>"$made"
        done
}

# draw PROGRAM: 1 if it fails; 0 also if it draws nothing
draw() {
    local flags=() help
    help=$("./$1" --help </dev/null 2>&1)
    grep -q -e '--plot\b' <<<"$help" || return 0
    if [ -n "${PLOTS_LIMIT:-}" ] && grep -q -e '--limit\b' <<<"$help"; then
        flags+=(--limit "$PLOTS_LIMIT")
    fi
    local command="./$1${flags[*]:+ ${flags[*]}}"
    echo "$command"
    if ! $command </dev/null >"$log" 2>&1; then
        echo "./$1 failed:"
        tail -n 5 "$log" | sed 's/^/    /'
        return 1
    fi
    note "$command"
    sed -n 's/^chart: /    /p' "$log"
}

ran=0 failed=0
for chapter in "$@"; do
    for program in $(programs "$chapter"); do
        if [ -n "$again" ] && grep -q "	./$program\( \|\$\)" "$made"; then
            continue
        fi
        ran=$((ran + 1))
        draw "$program" || failed=$((failed + 1))
    done
done

# The library's own figure: the ladder of common/README.md.
ladder=build/release/tests/bench/ladder
if [ "${*: -1}" = common ] && [ -z "$again${PLOTS_SECONDS:-}" ] &&
    $ladder svg >"$log" 2>&1; then
    note "make plots"
    sed -n 's/^chart: /    /p' "$log"
fi

# ---- 2. Draw again ----------------------------------------------------------

words=-
if [ -n "$again" ]; then
    [ -z "${TEXT:-}" ] || [ "$TEXT" = en ] || words=tests/plots/$TEXT.tsv
    if [ "$words" != - ] && [ ! -f "$words" ]; then
        echo "plots: there is no TEXT=$TEXT: en or zh"
        exit 1
    fi
    folders=()
    for chapter in "$@"; do
        [ ! -d "out/$chapter" ] || folders+=("out/$chapter")
    done
    find "${folders[@]}" -name '*.fig' ! -path '*/.*' | sort |
        xargs -n 6 -P 2 build/release/tests/plots/redraw \
            "${FORMAT:-svg}" "${THEME:-paper}" "$words" || failed=$((failed + 1))
fi

# Films as GIF, and then their stills again, which a browser shows first.
if [ "${FORMAT:-svg}" = svg ]; then
    for chapter in "$@"; do
        grep -l '^film	' "out/$chapter"/*.fig 2>/dev/null
    done | while IFS= read -r film; do
        [ -z "$again" ] && [ "${film%.fig}.gif" -nt "$film" ] && continue
        for format in gif svg; do
            build/release/tests/plots/redraw $format "${THEME:-paper}" \
                "$words" "$film"
        done
    done | grep 'gif$'
fi

# ---- 3. The page ------------------------------------------------------------

for letter in A B C D; do # the pages that it links to
    bash tests/lectures.sh page $letter >/dev/null 2>&1
done
bash tests/plots/page.sh >out/index.html.new &&
    mv out/index.html.new out/index.html || exit 1
echo "plots: $ran programs run, $failed failed;" \
    "$(grep -c '<figure' out/index.html) figures in out/index.html"
[ "$failed" -eq 0 ]
