#!/usr/bin/env bash
# plots.sh CHAPTERDIR... - draws every chart of these chapters (`make plots`).
#
# Runs each program of a chapter with its default settings, as a reader would
# (PLOTS_LIMIT=500 makes it a quick look: --limit 500 where a program has it),
# then writes out/index.html, a page of all the pictures that lie in out/*/,
# each with the command that made it.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$root" || exit 1
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
mkdir -p out || exit 1
# Which command made which picture: "ch06/lenet_loss.svg<tab>./lenet --plot svg"
made=out/commands.txt
touch "$made" || exit 1

# ---- 1. Run the programs ----------------------------------------------------

# note COMMAND: remembers it for every picture named in the log
note() {
    local picture
    sed -n 's/^chart: out\///p' "$log" | while IFS= read -r picture; do
        grep -v -F "$picture	" "$made" >"$made.new"
        printf '%s\t%s\n' "$picture" "$1" >>"$made.new"
        mv "$made.new" "$made"
    done
}

# draw PROGRAM: 1 if it fails; 0 also if it has no charts
draw() {
    local flags=(--plot svg) help
    help=$("./$1" --help </dev/null 2>&1)
    grep -q -e '--plot\b' <<<"$help" || return 0
    if [ -n "${PLOTS_LIMIT:-}" ] && grep -q -e '--limit\b' <<<"$help"; then
        flags+=(--limit "$PLOTS_LIMIT")
    fi
    echo "./$1 ${flags[*]}"
    if ! "./$1" "${flags[@]}" </dev/null >"$log" 2>&1; then
        echo "./$1 failed:"
        tail -n 5 "$log" | sed 's/^/    /'
        return 1
    fi
    note "./$1 ${flags[*]}"
    sed -n 's/^chart: /    /p' "$log"
}

failed=0 programs=0
for chapter in "$@"; do
    for source in "$chapter"/*.c; do
        [ -f "$source" ] || continue
        programs=$((programs + 1))
        draw "$(basename "$source" .c)" || failed=$((failed + 1))
    done
done

# The library's own figure: the ladder of common/README.md, where it was built.
ladder=build/release/tests/bench/ladder
if [ -x $ladder ] && $ladder svg >"$log" 2>&1; then
    note "make plots"
    sed -n 's/^chart: /    /p' "$log"
fi

# ---- 2. The page ------------------------------------------------------------

html() {
    sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

head_of_page() {
    cat <<'END'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Every chart of every chapter</title>
<style>
body { font-family: sans-serif; line-height: 1.5; color: #222;
       background: #fff; max-width: 100rem; margin: 2rem auto;
       padding: 0 1rem; }
.charts { display: grid; gap: 2rem;
          grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }
figure { margin: 0; }
img { width: 100%; height: auto; border: 1px solid #ccc; }
figcaption { overflow-wrap: anywhere; }
code { background: #f2f2f2; padding: 0 0.3em; }
</style>
</head>
<body>
<h1>Every chart of every chapter</h1>
<p>Under each chart stands the command that drew it. Beside a picture lie its
data (<code>.csv</code>) and its gnuplot script (<code>.gp</code>): edit the
script, then run <code>gnuplot</code> on it in that folder.</p>
END
}

# heading FOLDER: ch06 with a folder ch06_cnn is "Chapter 6: cnn"
heading() {
    local folder
    for folder in "$1"_*/; do
        [ -d "$folder" ] || continue
        folder=${folder%/}
        echo "Chapter ${1#ch0}: ${folder#*_}" | tr '_' ' '
        return
    done
    echo "$1"
}

# figure PICTURE: its path below out/, such as ch06/lenet_loss.svg
figure() {
    local link name command
    link=$(html <<<"$1")
    name=$(basename "$link")
    command=$(grep -F "$1	" "$made" | tail -n 1 | cut -f 2 | html)
    echo "<figure>"
    case $1 in
    *.pdf) echo "<p><a href=\"$link\">$name</a></p>" ;;
    *) echo "<a href=\"$link\"><img src=\"$link\" alt=\"$name\"></a>" ;;
    esac
    echo "<figcaption><strong>$name</strong><br>"
    echo "<code>${command:-made by hand}</code>"
    [ ! -f "out/${1%.*}.csv" ] || echo "<a href=\"${link%.*}.csv\">data</a>"
    [ ! -f "out/${1%.*}.gp" ] || echo "<a href=\"${link%.*}.gp\">script</a>"
    echo "</figcaption>"
    echo "</figure>"
}

page() {
    local folder picture chapter=""
    head_of_page
    for picture in out/*/*.svg out/*/*.png out/*/*.pdf; do
        [ -f "$picture" ] && echo "${picture#out/}"
    done | sort | while IFS= read -r picture; do
        folder=${picture%%/*}
        if [ "$folder" != "$chapter" ]; then
            [ -z "$chapter" ] || echo "</div>"
            echo "<h2>$(heading "$folder" | html)</h2>"
            echo "<div class=\"charts\">"
            chapter=$folder
        fi
        figure "$picture"
    done
    # the loop runs in a subshell, so ask the folder whether a div is open
    [ "$pictures" -eq 0 ] || echo "</div>"
    echo "</body>"
    echo "</html>"
}

pictures=$(find out -mindepth 2 -maxdepth 2 \
    \( -name '*.svg' -o -name '*.png' -o -name '*.pdf' \) | wc -l)
page >out/index.html.new && mv out/index.html.new out/index.html || exit 1
echo "plots: $programs programs run, $failed failed;" \
    "$((pictures)) pictures in out/index.html"
[ "$failed" -eq 0 ]
