#!/usr/bin/env bash
# claims.sh [PROGRAM...] - do the programs show what their titles say?
#
# Runs each command of claims.tsv with seeds 1, 2 and 3, as many at once as there
# are processors (JOBS=1: one), and looks whether what is claimed holds each
# time. The digits are MNIST's where there are any. About ten minutes on two
# cores. CHECK=1 runs nothing: is each claim held by a test, has each program one?
set -u
export LC_ALL=C

# claims.sh --one "SEED COMMAND", run by xargs below: leaves the result line in
# a file of its name.
if [ "${1-}" = --one ]; then
    read -r -a words <<<"${2#* }"
    words[0]=./${words[0]}
    "${words[@]}" --seed "${2%% *}" --threads 1 --plot none --quiet 2>&1 |
        grep '^result: ' >"$CLAIMS_FOLDER/${2// /_}"
    exit 0
fi

cd "$(dirname "$0")/.." || exit 1

if [ -n "${CHECK:-}" ]; then
    bad=0
    while IFS=$'\t' read -r command _ _ tests; do
        file=$(echo ch*/"${command%% *}.c")
        for test in ${tests:-"(none)"}; do
            [ "$test" = - ] ||
                grep -q "^START_TEST($test)" "tests/${file%%_*}/test_${file#*/}" || {
                echo "claims.tsv: $command has no test $test"
                bad=$((bad + 1))
            }
        done
    done < <(grep -v '^#' tests/claims.tsv)
    for file in ch*/*.c; do
        program=$(basename "$file" .c)
        case $program in my_*) continue ;; esac # a student's copy
        grep -qE "^${program}[[:blank:]]|^# seedless:.* ${program}( |\$)" \
            tests/claims.tsv || {
            echo "claims.tsv: $program claims nothing; does it hang on its seed?"
            bad=$((bad + 1))
        }
    done
    echo "$(grep -vc '^#' tests/claims.tsv) claims, $bad faults in claims.tsv"
    exit $((bad > 0))
fi

mkdir -p build && CLAIMS_FOLDER=$(mktemp -d "$PWD/build/claims.XXXXXX") || exit 1
export CLAIMS_FOLDER
trap 'rm -rf "$CLAIMS_FOLDER"' EXIT
trap 'exit 130' INT TERM

# the rows of the programs named, or all
rows=$CLAIMS_FOLDER/rows
awk -F '\t' -v only=" $* " '/^#/ { next }
    { split($1, word, " ") }
    only == "  " || index(only, " " word[1] " ")' tests/claims.tsv >"$rows"
if [ ! -s "$rows" ]; then
    echo "claims.sh: claims.tsv has no claim of $*"
    exit 1
fi

for seed in 1 2 3; do
    cut -f 1 "$rows" | uniq | sed "s/^/$seed /"
done | tr '\n' '\0' |
    xargs -0 -n 1 -P "${JOBS:-$(nproc 2>/dev/null || echo 1)}" \
        bash tests/claims.sh --one

# A claim with the numbers of one run in the place of their names.
filled() { # EXPRESSION RESULT_LINE
    awk -v claim="$1" -v line="$2" 'BEGIN {
        n = split(line, word, " ")
        for (i = 2; i <= n; i++) {
            at = index(word[i], "=")
            value[substr(word[i], 1, at - 1)] = substr(word[i], at + 1)
        }
        while (match(claim, /\[[^]]*\]/)) {
            name = substr(claim, RSTART + 1, RLENGTH - 2)
            printf "%s(%s)", substr(claim, 1, RSTART - 1),
                name in value ? value[name] : "nothing"
            claim = substr(claim, RSTART + RLENGTH)
        }
        print claim
    }'
}

held=0 failed=0
while IFS=$'\t' read -r command claim expression _; do
    bad=""
    for seed in 1 2 3; do
        run="$seed $command"
        line=$(cat "$CLAIMS_FOLDER/${run// /_}")
        numbers=$(filled "$expression" "$line")
        # a name that the result line does not have is a word to awk: 0
        case $numbers in
        *nothing*) answer=0 ;;
        *) answer=$(awk "BEGIN { print ($numbers) ? 1 : 0 }") ;;
        esac
        [ "$answer" = 1 ] || bad="$bad
    seed $seed: $numbers"
    done
    if [ -z "$bad" ]; then
        held=$((held + 1))
        printf 'holds   %s: %s\n' "$command" "$claim"
    else
        failed=$((failed + 1))
        printf 'FAILS   %s: %s\n    %s%s\n' "$command" "$claim" "$expression" "$bad"
    fi
done <"$rows"
echo "$held claims hold with seeds 1, 2 and 3, $failed do not"
[ $failed -eq 0 ]
