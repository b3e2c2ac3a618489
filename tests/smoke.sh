#!/usr/bin/env bash
# smoke.sh PROGRAM... - runs every program for a second or two (`make smoke`).
#
# A program, a binary at the project's root, passes if a short run exits with 0
# and ends with a result line, if --help is no wider than 80 columns, and if an
# unknown flag is a usage error. Last line: N passed, N failed.
set -u
export LC_ALL=C.UTF-8 # so that ${#line} counts characters, not bytes

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
case ${MNIST_DIR:-} in
'' | /*) ;;
*) MNIST_DIR=$PWD/$MNIST_DIR && export MNIST_DIR ;;
esac
mkdir "$folder/cwd" && cd "$folder/cwd" || exit 1

limit=()
command -v timeout >/dev/null && limit=(timeout 120)

# run FLAG...: $program with these flags; its status, out and err in files
run() {
    ${limit[@]+"${limit[@]}"} "$root/$program" "$@" \
        </dev/null >"$folder/out" 2>"$folder/err"
}

# wrong WORD...: notes what is wrong with $program, and what it said
wrong() {
    ok=no
    echo "$program: $*"
    cat "$folder/out" "$folder/err" | tail -n 5 | sed 's/^/    /'
}

too_wide() {
    local line
    while IFS= read -r line; do
        [ "${#line}" -le 80 ] || return 0
    done <"$folder/out"
    return 1
}

check_help() {
    run --help || wrong "--help exits with $?, not 0"
    [ -s "$folder/out" ] || wrong "--help prints nothing"
    ! too_wide || wrong "--help has a line of more than 80 columns"
    cp "$folder/out" "$folder/help"
}

check_usage_error() {
    run --no-such-flag
    local status=$?
    [ $status -eq 2 ] || wrong "--no-such-flag exits with $status, not 2"
}

# The short run, with those of its flags that the program has.
check_run() {
    local flags=() flag
    for flag in "--limit 200" "--epochs 1" "--plot none" "--quiet"; do
        if grep -q -e "${flag%% *}\\b" "$folder/help"; then
            read -r -a words <<<"$flag"
            flags+=("${words[@]}")
        fi
    done
    run ${flags[@]+"${flags[@]}"} || wrong "${flags[*]-} exits with $?, not 0"
    case $(tail -n 1 "$folder/out") in
    'result: '*) ;;
    *) wrong "the last line of stdout does not start with 'result: '" ;;
    esac
}

passed=0 failed=0
for program in "$@"; do
    ok=yes
    started=$SECONDS
    check_help
    check_usage_error
    check_run
    if [ $ok = yes ]; then
        passed=$((passed + 1))
        printf '%-16s %2d s  %s\n' "$program" $((SECONDS - started)) \
            "$(tail -n 1 "$folder/out")"
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
