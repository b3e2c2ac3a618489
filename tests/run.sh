#!/usr/bin/env bash
# run.sh TEST... - runs test binaries, as many at once as there are processors
# (JOBS=1: one), and adds them up.
#
# Shows the summary line of each, everything that a failing one printed, what
# was skipped, and last of all one line: N passed, N failed[, N skipped].
# The exit status is 0 only if tests were run and none failed.
#
#   RUN_WITH="valgrind -q" tests/run.sh build/release/tests/test_tensor
set -u

# ---- 1. One test, run by xargs below ------------------------------------------

# run.sh --one "NUMBER TEST": in a folder of its own, so nothing lands in the
# reader's; leaves its output, status and seconds there, and prints the number.
if [ "${1-}" = --one ]; then
    number=${2%% *} test=${2#* } started=$SECONDS
    place=$RUN_FOLDER/$number
    mkdir -p "$place/cwd"
    case $test in
    /*) ;;
    *) test=$PWD/$test ;;
    esac
    read -r -a prefix <<<"${RUN_WITH:-}"
    (cd "$place/cwd" && exec ${prefix[@]+"${prefix[@]}"} "$test") \
        </dev/null >"$place/log" 2>&1
    echo "$? $((SECONDS - started))" >"$place/end.new"
    mv "$place/end.new" "$place/end"
    rm -rf "$place/cwd"
    echo "$number"
    exit 0
fi

# ---- 2. All of them -----------------------------------------------------------

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
if [ $# -eq 0 ]; then
    echo "run.sh: no tests given"
    echo "0 passed, 1 failed"
    exit 1
fi

if [ -n "${RUN_WITH:-}" ]; then # such tools are slow: allow ten times more
    export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-10}"
fi
# A failed allocation should be the program's to report, not the sanitizer's.
export ASAN_OPTIONS="${ASAN_OPTIONS:-allocator_may_return_null=1}"
case ${MNIST_DIR:-} in
'' | /*) ;;
*) MNIST_DIR=$PWD/$MNIST_DIR && export MNIST_DIR ;;
esac

mkdir -p "$root/build" && RUN_FOLDER=$(mktemp -d "$root/build/run.XXXXXX") ||
    exit 1
export RUN_FOLDER
trap 'rm -rf "$RUN_FOLDER"' EXIT
trap 'exit 130' INT TERM

# figure REGEX: the number in the log's line "100%: Checks: 9, Failures: 0, ..."
figure() {
    local n
    n=$(sed -n "s/^[0-9]*%: .*$1: \([0-9]*\).*/\1/p" "$log" | tail -n 1)
    echo "${n:-0}"
}

# report NUMBER TEST: adds it up and prints its line, or more if it failed
report() {
    local log=$RUN_FOLDER/$1/log test=$2 status seconds
    read -r status seconds <"$RUN_FOLDER/$1/end"
    local checks bad skips good name summary
    checks=$(figure Checks)
    # Failures and errors are Check's; "stopped before its end" is testing.c's.
    bad=$(($(figure Failures) + $(figure Errors)))
    bad=$((bad + $(grep -a -c ': stopped before its end: ' "$log")))
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$checks" -eq 0 ]; }; then
        bad=1 # it crashed, or ran nothing
    fi
    skips=$(grep -a -c '^skip: ' "$log")
    good=$((checks - bad - skips))
    [ "$good" -ge 0 ] || good=0
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + skips))

    name=${test##*build/}
    summary=$(grep -a -E '^[0-9]+%: ' "$log" | tail -n 1)
    printf '%-40s %s (%d s)\n' "${name#*/tests/}" "${summary:-no summary}" \
        "$seconds"
    if [ "$bad" -gt 0 ]; then
        echo "    $test ended with status $status and said:"
        sed 's/^/    /' "$log"
    else
        grep -a '^skip: ' "$log" | sed 's/^/    /'
    fi
}

# add_up TEST...: reports them in this order, whichever ends first; one line on
# stdin says that one more has ended
add_up() {
    local passed=0 failed=0 skipped=0 next=0 line
    while IFS= read -r line; do
        while [ $# -gt 0 ] && [ -e "$RUN_FOLDER/$((next + 1))/end" ]; do
            next=$((next + 1))
            report $next "$1"
            shift
        done
    done
    if [ $# -gt 0 ]; then
        echo "run.sh: not run: $*"
        failed=$((failed + $#))
    fi
    line="$passed passed, $failed failed"
    [ $skipped -eq 0 ] || line="$line, $skipped skipped"
    echo "$line"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
}

processors() {
    nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

number=0
for test in "$@"; do
    printf '%s %s\0' $((number += 1)) "$test"
done | xargs -0 -n 1 -P "${JOBS:-$(processors)}" \
    bash "$root/tests/run.sh" --one |
    add_up "$@"
