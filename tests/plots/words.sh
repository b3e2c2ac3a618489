#!/usr/bin/env bash
# words.sh - are the figures' words all there in Chinese?
#
# Lists the words of the figures in out/ that tests/plots/zh.tsv does not have,
# its rows whose two sides have other values (%d here, %s there), and its rows
# whose English stands in no source. Exit status 1 if there is anything to list.
set -u
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/../.." || exit 1
words=tests/plots/zh.tsv
wrong=$(mktemp) || exit 1
trap 'rm -f "$wrong" "$wrong".*' EXIT

find out -name '*.fig' ! -path '*/.*' 2>/dev/null | sort |
    xargs build/release/tests/plots/redraw untranslated - $words | sort -u |
    sed 's/^/no Chinese in tests\/plots\/zh.tsv for: /' >>"$wrong"

# The conversions of both sides, sorted: "%1$s" and "%s" are one.
awk -F '\t' '
    function values(text,   found, n) {
        n = 0
        gsub(/%%/, "", text)
        while (match(text, /%[-+0-9.$]*[a-z]/)) {
            n++
            text = substr(text, RSTART + RLENGTH)
        }
        return n
    }
    /^#/ || /^$/ { next }
    NF != 2 { print "zh.tsv:" FNR ": not two columns"; next }
    values($1) != values($2) { print "zh.tsv:" FNR ": other values: " $1 }
    seen[$1]++ { print "zh.tsv:" FNR ": twice: " $1 }' $words >>"$wrong"

# All strings of the sources, those that stand side by side joined.
cat ch0[1-7]_*/*.c common/*.c tests/bench/*.c | tr '\n' ' ' |
    sed 's/" *"//g; s/\\"/"/g' >"$wrong.sources"
grep -v '^#' $words | cut -f 1 | while IFS= read -r english; do
    grep -qF -e "$english" "$wrong.sources" ||
        echo "zh.tsv: no figure says: $english"
done >>"$wrong"

cat "$wrong"
echo "words of figures: $(grep -vc '^#' $words) in Chinese," \
    "$(wc -l <"$wrong") problems"
[ ! -s "$wrong" ]
