#!/usr/bin/env bash
# lectures.sh - what is made from the rows of tests/lectures/*.tsv.
#
#   lectures.sh check [TEXTS]   are the rows true? with the folder of the
#                               lectures' texts, quotations are compared, too
#   lectures.sh docs            writes the tables of the READMEs (make docs)
#   lectures.sh docs-check      do the READMEs have these tables?
#   lectures.sh words TEXTS     Chinese words that stand in none of the texts
#   lectures.sh count           rows per lecture and state
#   lectures.sh page LETTER     the lecture in slide order (make lecture L=A)
#
# Run from any folder; -C DIR before the rest takes the tree of DIR instead of
# this one. Exit status 1 if anything is wrong.
set -u
export LC_ALL=C
unset CDPATH # with it, cd prints

here=$(cd "$(dirname "$0")" && pwd)/lectures || exit 1
if [ "${1:-}" = -C ]; then
    cd "${2:?}" || exit 1
    shift 2
else
    cd "$here/../.." || exit 1
fi
shopt -s nullglob
GLOBIGNORE='ch0[1-7]_*/my_*.c' # a reader's own programs; it sets dotglob, too
shopt -u dotglob
rows=(tests/lectures/[A-D].tsv tests/lectures/papers*.tsv)
if [ ${#rows[@]} -eq 0 ]; then
    echo "tests/lectures has no rows"
    exit 1
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

program() {
    local name=$1
    shift
    awk -f "$here/rows.awk" -f "$here/$name.awk" "$@"
}

# Every tag in a comment of the code, "file:line:[tag]": a lecture's letter and a
# name, or an author and a year.
tags() {
    awk '
    BEGIN { tag = "\\[([ABCD] [^]]+|[^] []+[^][]* (19|20)[0-9][0-9][^]]*)\\]" }
    {
        comment = index($0, "//")
        line = substr($0, comment ? comment : length($0) + 1)
        while (match(line, tag)) {
            print FILENAME ":" FNR ":" substr(line, RSTART, RLENGTH)
            line = substr(line, RSTART + RLENGTH)
        }
    }' ch0[1-7]_*/*.[ch] common/*.[ch] common/*.inc /dev/null
}

# "file:letter" for every lecture that a program's banner names as its source.
credits() {
    awk '/^\/\/ Source:/ { reading = 1 }
        /^\/\/ (Run|Ends with):|^\/\/ *$/ { reading = 0 }
        reading {
            gsub(/[^A-Za-z]+/, "  ")
            while (match($0, / [ABCD] /)) {
                print FILENAME ":" substr($0, RSTART + 1, 1)
                $0 = substr($0, RSTART + 2)
            }
        }' ch0[1-7]_*/*.c /dev/null
}

check() {
    tags >"$scratch/tags"
    credits >"$scratch/credits"
    program check -v tags="$scratch/tags" -v credits="$scratch/credits" \
        -v lectures="${1:-}" "${rows[@]}" tests/lectures/frameworks*.tsv ||
        echo "check.awk failed"
    # a tag that a formatter tore
    grep -nE '//.*\[[ABCD]( [^],]*)?$' ch0[1-7]_*/*.c common/*.[ch] common/*.inc \
        /dev/null | sed 's/^\([^:]*:[0-9]*\):.*/\1: a tag is torn/'
}

# readme FOLDER: its README as it should be
readme() {
    program docs -v folder="$1" -v tags="$scratch/tags" "${rows[@]}" \
        tests/lectures/frameworks*.tsv "$1/README.md"
}

# docs write|check: every README that has a section made from the rows
docs() {
    local file folder failed=0
    tags >"$scratch/tags"
    for file in ch0[1-7]_*/README.md common/README.md; do
        folder=$(dirname "$file")
        if ! readme "$folder" >"$scratch/README.md"; then
            echo "$file: could not be made, left as it is"
            failed=1
            continue
        fi
        cmp -s "$scratch/README.md" "$file" && continue
        if [ "$1" = write ]; then
            cp "$scratch/README.md" "$file" && echo "made: $file" || failed=1
        else
            # no README is to be mended by hand where rows make it
            diff "$file" "$scratch/README.md" | sed -n \
                -e "s|^< |$file has, and the rows do not (make docs): |p" \
                -e "s|^> |$file lacks what the rows have (make docs): |p" |
                head -n 4
        fi
    done
    return $failed
}

# page LETTER: in the terminal, and as out/lecture_LETTER.html
page() {
    local file=tests/lectures/$1.tsv readmes
    if [[ $1 != [A-D] || ! -f $file ]]; then
        echo "there is no lecture '$1': make lecture L=A, B, C or D" >&2
        exit 2
    fi
    readmes=$(echo ch0[1-7]_*/README.md)
    mkdir -p out || exit 1
    program page -v mode=html -v readmes="$readmes" "$file" \
        >"out/lecture_$1.html" || exit 1
    program page -v mode=text -v readmes="$readmes" "$file"
    printf '\nout/lecture_%s.html: the same, with links\n' "$1"
}

# words TEXTS
words() {
    awk -f "$here/words.awk" reading=1 "${1:?}"/[A-D].txt \
        tests/lectures/words*.tsv reading=0 \
        ./*.md ch0[1-7]_*/*.{c,md} common/*.{c,h,md}
}

# silent COMMAND...: what it says is a problem
silent() {
    local problems
    problems=$("$@")
    [ -z "$problems" ] || printf '%s\n' "$problems"
    [ -z "$problems" ]
}

case ${1:-} in
check)
    silent check "${2:-}"
    ;;
words)
    silent words "${2:-}"
    ;;
docs)
    docs write
    ;;
docs-check)
    silent docs check
    ;;
page)
    page "${2:-}"
    ;;
count)
    program count "${rows[@]}"
    ;;
*)
    sed -n '2,/^set/s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
