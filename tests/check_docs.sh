#!/usr/bin/env bash
# check_docs.sh [ROOT] - do READMEs, code and lectures say the same?
#
# Lists every tag in the code that is in no lecture's rows (tests/lectures),
# every row whose function or test does not exist, every README table that is
# not as the rows have it, every program that credits a lecture without a row,
# every program without a row of its own (| `lstm_cell` | ...) in its chapter's
# README, and every link in a *.md file that leads nowhere. Where LECTURES names
# the folder of the lectures' texts (A.txt to D.txt), every formula and number
# quoted in the rows, and every Chinese word, is looked up in them, too.
# A reader's own programs, ch06_cnn/my_net.c, need none of this.
# Exit status 1 if there is anything to list.
set -u
export LC_ALL=C
unset CDPATH # with it, cd prints

tests=$(cd "$(dirname "$0")" && pwd) || exit 1
texts=${LECTURES:+$(cd "$LECTURES" && pwd)} || exit 1
cd "${1:-$tests/..}" || exit 1
problems=$(mktemp) || exit 1
trap 'rm -f "$problems"' EXIT

problem() {
    echo "$*" >>"$problems"
}

# check_programs FOLDER SOURCE...: each has a row in the README
check_programs() {
    local readme=$1/README.md source name
    shift
    [ -f "$readme" ] || problem "$readme is missing"
    for source in "$@"; do
        name=$(basename "$source" .c)
        grep -qE "^\| *\[?\`(\./)?$name\`" "$readme" 2>/dev/null ||
            problem "$source: the program has no row in $readme"
        [ ! -f tests/programs.tsv ] || grep -q "	$name	" tests/programs.tsv ||
            problem "$source: the program is not in tests/programs.tsv"
    done
}

# check_order: every row of the reading order is a program of that chapter
check_order() {
    local chapter name
    [ -f tests/programs.tsv ] || return 0
    while IFS=$'\t' read -r chapter name _; do
        [ -n "$(find "ch${chapter}_"*/ -name "$name.c" 2>/dev/null)" ] ||
            problem "tests/programs.tsv: chapter $chapter has no $name"
    done < <(grep -v '^#' tests/programs.tsv)
}

# Links outside code: [text](target), ![picture](target), src="target".
check_links() {
    local where target
    while IFS=$'\t' read -r where target; do
        case $target in
        *://* | mailto:* | '#'*) continue ;;
        esac
        target=${target%%#*}
        target=${target%% *} # a title may follow
        [ -e "$(dirname "${where%:*}")/$target" ] ||
            problem "$where: the link to $target leads nowhere"
    done < <(find -L . \( -name .git -o -path ./build -o -path ./out \
        -o -path ./data \) -prune -o -name '*.md' -exec awk '
        FNR == 1 { fenced = 0 }
        /^ *```/ { fenced = !fenced }
        fenced { next }
        {
            gsub(/`[^`]*`/, "`")
            while (match($0, /\]\([^)]+\)|src="[^"]+"/)) {
                link = substr($0, RSTART, RLENGTH)
                gsub(/^\]\(|^src="|[)"]$/, "", link)
                print substr(FILENAME, 3) ":" FNR "\t" link
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' {} +)
}

shopt -s nullglob
GLOBIGNORE='ch0[1-7]_*/my_*.c' # which would take files with a dot as well
shopt -u dotglob
count=0
for chapter in ch0[1-7]_*/; do
    sources=("$chapter"*.c)
    [ ${#sources[@]} -gt 0 ] || continue
    check_programs "${chapter%/}" "${sources[@]}"
    count=$((count + ${#sources[@]}))
done
check_links
check_order
"$tests/lectures.sh" -C "$PWD" check "$texts" >>"$problems" 2>&1
"$tests/lectures.sh" -C "$PWD" docs-check >>"$problems" 2>&1
[ -z "$texts" ] ||
    "$tests/lectures.sh" -C "$PWD" words "$texts" >>"$problems" 2>&1

if [ -s "$problems" ]; then
    cat "$problems"
    echo "check-docs: $(($(wc -l <"$problems"))) problems"
    exit 1
fi
compared=${texts:+"; quotations compared with the texts"}
echo "check-docs: lectures, READMEs and $count programs agree$compared"
