#!/usr/bin/env bash
# check_docs.sh [ROOT] - do the READMEs and the code say the same?
#
# A computing line that follows a lecture has a comment with a tag above it,
#     // [A eq.13] c_t = f_t * c_{t-1} + i_t * g_t
# and the folder's README.md has a table row that begins with the same tag:
#     | `[A eq.13]` | formula | `lstm_forward` | `lstm_cell.c` |
# This lists every tag that stands on one side only, every function or file of
# such a row that does not exist, every program without a row of its own
# (| `lstm_cell` | ...) in its chapter's README, and every link in a *.md file
# that leads nowhere. Exit status 1 if there is any.
set -u
export LC_ALL=C

root=${1:-$(dirname "$0")/..}
cd "$root" || exit 1
tag='\[[ABCD] [^]]+\]'
problems=$(mktemp) || exit 1
trap 'rm -f "$problems"' EXIT

problem() {
    echo "$*" >>"$problems"
}

# rows README: "line<tab>tag<tab>functions<tab>files" of each row with a tag.
# Names are what stands in backticks; a cell of such a table may hold several.
rows() {
    awk -F '|' '
    function names(cell,    list) {
        while (match(cell, /`[^`]+`/)) {
            list = list " " substr(cell, RSTART + 1, RLENGTH - 2)
            cell = substr(cell, RSTART + RLENGTH)
        }
        return substr(list, 2)
    }
    /^\| *`\[[ABCD] [^]]+\]`/ {
        gsub(/\\\|/, "") # a bar that belongs to a formula
        match($2, /\[.*\]/)
        print FNR "\t" substr($2, RSTART, RLENGTH) "\t" names($4) "\t" names($5)
    }' "$1"
}

# check_row WHERE TAG FUNCTIONS FILES, in the README of folder $folder
check_row() {
    local file name paths=()
    for file in $4; do
        if [ -f "$folder/$file" ]; then
            paths+=("$folder/$file")
        elif [ -f "$file" ]; then
            paths+=("$file")
        else
            problem "$1: $2: there is no file $file"
        fi
    done
    if [ ${#paths[@]} -eq 0 ]; then
        [ -n "$4" ] || problem "$1: $2: the row names no file"
        return
    fi
    grep -qF -e "// $2" "${paths[@]}" ||
        problem "$1: $2: no such tag in ${paths[*]}"
    for name in $3; do
        name=${name%()}
        grep -qw -e "$name" "${paths[@]}" ||
            problem "$1: $2: no $name in ${paths[*]}"
    done
}

# check_folder FOLDER SOURCE...: tags and table rows agree
check_folder() {
    local folder=$1 line name functions files here known
    local readme=$folder/README.md
    shift
    if [ ! -f "$readme" ]; then
        problem "$readme is missing"
        return
    fi
    # tabs are blanks to `read`, which would swallow an empty field
    while IFS=$'\037' read -r line name functions files; do
        check_row "$readme:$line" "$name" "$functions" "$files"
    done < <(rows "$readme" | tr '\t' '\037')

    known=$(rows "$readme" | cut -f 2)
    while IFS= read -r here; do
        name=${here#*// }
        grep -qxF -e "$name" <<<"$known" ||
            problem "${here%%:// *}: $name is not in the table of $readme"
    done < <(grep -noE "// $tag" "$@" /dev/null)
}

# check_programs FOLDER SOURCE...: each has a row in the README
check_programs() {
    local readme=$1/README.md source name
    shift
    for source in "$@"; do
        name=$(basename "$source" .c)
        grep -qE "^\| *\[?\`(\./)?$name\`" "$readme" 2>/dev/null ||
            problem "$source: the program has no row in $readme"
    done
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
    done < <(find . \( -name .git -o -path ./build -o -path ./out \
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
sources=(common/*.[ch] common/*.inc)
[ ${#sources[@]} -eq 0 ] || check_folder common "${sources[@]}"
count=${#sources[@]}
for chapter in ch0[1-7]_*/; do
    sources=("$chapter"*.c)
    [ ${#sources[@]} -gt 0 ] || continue
    check_folder "${chapter%/}" "${sources[@]}"
    check_programs "${chapter%/}" "${sources[@]}"
    count=$((count + ${#sources[@]}))
done
check_links

if [ -s "$problems" ]; then
    cat "$problems"
    echo "check-docs: $(($(wc -l <"$problems"))) problems"
    exit 1
fi
echo "check-docs: the READMEs and $count source files agree"
