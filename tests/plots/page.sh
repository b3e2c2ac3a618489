#!/usr/bin/env bash
# page.sh - writes the page out/index.html to stdout: all figures of out/ in
# reading order, each with what it shows, and where it comes from.
set -u
unset CDPATH
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1

html() {
    sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# picture FIGURE: its newest picture below out/, such as ch06/lenet_curves.svg
picture() {
    local file newest=""
    for file in "out/$1".svg "out/$1".png; do
        [ -f "$file" ] || continue
        [ -n "$newest" ] && [ "$newest" -nt "$file" ] || newest=$file
    done
    echo "${newest#out/}"
}

# element NAME FIGURE: what the SVG's <title> or <desc> says, already as HTML;
# the description's first line is the caption
element() {
    [ ! -f "out/$2.svg" ] || awk -v name="$1" '
        index($0, "<" name ">") == 1 { on = 1; sub("^<" name ">", "") }
        on && sub("</" name ">.*", "") { print; exit }
        on' "out/$2.svg"
}

# banner SOURCE: the idea from its first line, "one neuron is a logic gate"
banner() {
    sed -n '1s|^// [^ ]* - ||p' "$1" | html
}

# lecture SOURCE: what its banner says after "Source:", to the next full stop
lecture() {
    sed -n '/^\/\/ Source: /,/^\/\/ \(Run\|Ends\)/p' "$1" |
        grep -v '^// \(Run\|Ends\)' | sed 's|^// Source: ||; s|^// *||' |
        tr '\n' ' ' | html
}

# items SOURCE: links to the rows of the lectures that it shows, ten at most
items() {
    local page letter
    for page in out/lecture_[A-D].html; do
        [ -f "$page" ] || continue
        letter=${page#out/lecture_}
        letter=${letter%.html}
        grep -F "$1#" "$page" | awk -v letter="$letter" -F '</?td>' '
            match($0, /id="[^"]*"/) {
                id = substr($0, RSTART + 4, RLENGTH - 5)
                printf "<a href=\"lecture_%s.html#%s\">%s: %s</a>\n", letter,
                    id, letter, $4
            }'
    done | head -n 10 | paste -s -d '|' | sed 's/|/ · /g'
}

stars() {
    case $1 in
    1) echo "★" ;;
    2) echo "★★" ;;
    3) echo "★★★" ;;
    esac
}

head_of_page() {
    cat <<'END'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The figures of the book</title>
<style>
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --soft: #666;
        --line: #ddd; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #16181d; --soft: #aaa; --line: #3a3d45;
          --link: #7db8f0; } }
body { font-family: Helvetica, Arial, sans-serif; line-height: 1.5;
       color: var(--ink); background: var(--paper); max-width: 72rem;
       margin: 0 auto; padding: 1rem; }
a { color: var(--link); }
h2 { border-top: 1px solid var(--line); padding-top: 2rem; margin-top: 3rem; }
h3 { margin: 2.5rem 0 0; }
.about { color: var(--soft); margin: 0.2rem 0 1rem; }
figure { margin: 1.5rem 0 2.5rem; }
.frame { overflow-x: auto; }
img { display: block; max-width: 100%; height: auto; border-radius: 4px;
      background: #fff; }
@media (max-width: 40rem) { img { max-width: none; width: 40rem; } }
figcaption { max-width: 44rem; margin-top: 0.5rem; }
figcaption span { color: var(--soft); font-size: 0.9rem; }
nav ol { columns: 18rem; padding-left: 1.2rem; }
code { font-family: Menlo, Consolas, monospace; font-size: 0.9em; }
</style>
</head>
<body>
<h1>The figures of the book</h1>
<p>In reading order. Beside each picture lie its numbers (<code>.csv</code>),
its description (<code>.fig</code>) and its gnuplot script (<code>.gp</code>).
<code>make plots FORMAT=png</code> (pdf, tikz), <code>THEME=slide</code> (dark)
and <code>TEXT=zh</code> draw all of them again without training.</p>
END
}

# figure FIGURE: its picture and what is said of it
figure() {
    local file title command
    file=$(picture "$1" | html)
    [ -n "$file" ] || return 0
    title=$(element title "$1")
    command=$(grep "^$1	" out/commands.txt | cut -f 2 | html)
    echo "<figure id=\"${1#*/}\">"
    echo "<div class=\"frame\"><a href=\"$file\"><img src=\"$file\"" \
        "loading=\"lazy\" alt=\"$(element desc "$1" | tr '\n' ' ' | sed 's/"/\&quot;/g')\"></a></div>"
    echo "<figcaption><strong>${title:-${1#*/}}.</strong> $(element desc "$1" | head -n 1)"
    echo "<br><span>${command:+<code>$command</code> · }"
    echo "<a href=\"$1.csv\">numbers</a> · <a href=\"$1.fig\">description</a> ·" \
        "<a href=\"$1.gp\">script</a>$([ ! -f "out/$1.gif" ] ||
            echo " · <a href=\"$1.gif\">film</a>")</span></figcaption>"
    echo "</figure>"
}

# figures CHAPTER PROGRAM: those it has drawn, in the order that it drew them
figures() {
    grep "	./$2\\( \\|\$\\)" out/commands.txt 2>/dev/null | cut -f 1 |
        grep "^ch$1/"
}

# program CHAPTER PROGRAM DIFFICULTY SECONDS
program() {
    local source figure
    source=$(find ch"$1"_*/"$2".c 2>/dev/null)
    [ -n "$source" ] && [ -n "$(figures "$1" "$2")" ] || return 0
    # lenet.c takes about ten minutes: some 40 lines each
    local minutes=$((($(wc -l <"$source") + 39) / 40))
    local items
    items=$(items "$source")
    echo "<h3 id=\"$2\">$2: $(banner "$source")</h3>"
    echo "<p class=\"about\">$(stars "$3") · $minutes minutes to read," \
        "$4 s to run · <a href=\"../$source\">$source</a> ·" \
        "<a href=\"../${source%/*}/README.md\">chapter</a>" \
        "<br>Source: $(lecture "$source")${items:+<br>In the lectures: $items}</p>"
    for figure in $(figures "$1" "$2"); do
        figure "$figure"
    done
}

# heading CHAPTER: "Chapter 6: cnn" for ch06_cnn
heading() {
    local folder
    folder=$(find . -maxdepth 1 -name "ch$1_*")
    echo "Chapter ${1#0}: ${folder#*_}" | tr '_' ' '
}

rows() {
    grep -v '^#' tests/programs.tsv
}

# The way through the book: a list of its programs that have figures.
contents() {
    local chapter name rest last=""
    echo "<nav>"
    while IFS=$'\t' read -r chapter name rest; do
        [ -n "$(figures "$chapter" "$name")" ] || continue
        if [ "$chapter" != "$last" ]; then
            [ -z "$last" ] || echo "</ol>"
            echo "<p><a href=\"#ch$chapter\">$(heading "$chapter")</a></p><ol>"
            last=$chapter
        fi
        echo "<li><a href=\"#$name\">$name</a> $(stars "${rest%%	*}")</li>"
    done < <(rows)
    [ -z "$last" ] || echo "</ol>"
    echo "</nav>"
}

head_of_page
contents
last=""
while IFS=$'\t' read -r chapter name difficulty seconds; do
    if [ "$chapter" != "$last" ]; then
        ! grep -q "^ch$chapter/" out/commands.txt ||
            echo "<h2 id=\"ch$chapter\">$(heading "$chapter")</h2>"
        last=$chapter
    fi
    program "$chapter" "$name" "$difficulty" "$seconds"
done < <(rows)

# What no program of the list has drawn: the library's figure, a reader's own.
others=$(for fig in out/*/*.fig; do
    figure=${fig#out/}
    echo "${figure%.fig}"
done | while IFS= read -r figure; do
    command=$(grep "^$figure	" out/commands.txt | cut -f 2)
    name=${command#./}
    grep -q "	${name%% *}	" tests/programs.tsv || echo "$figure"
done)
if [ -n "$others" ]; then
    echo "<h2 id=\"others\">Others</h2>"
    for figure in $others; do
        [ ! -f "out/$figure.csv" ] || figure "$figure"
    done
fi
echo "</body>"
echo "</html>"
