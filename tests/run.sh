#!/usr/bin/env bash
# run.sh TEST... - runs test binaries one after the other and adds them up.
#
# Shows the summary line of each, everything that a failing one printed, what
# was skipped, and last of all one line: N passed, N failed[, N skipped].
# The exit status is 0 only if tests were run and none failed.
#
#   RUN_WITH="valgrind -q" tests/run.sh build/release/tests/test_tensor
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
if [ $# -eq 0 ]; then
    echo "run.sh: no tests given"
    echo "0 passed, 1 failed"
    exit 1
fi

prefix=()
read -r -a prefix <<<"${RUN_WITH:-}"
if [ "${#prefix[@]}" -gt 0 ]; then # such tools are slow: allow ten times more
    export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-10}"
fi
# A failed allocation should be the program's to report, not the sanitizer's.
export ASAN_OPTIONS="${ASAN_OPTIONS:-allocator_may_return_null=1}"

# The tests run in a folder of their own, so nothing lands in the reader's.
case ${MNIST_DIR:-} in
'' | /*) ;;
*) MNIST_DIR=$PWD/$MNIST_DIR && export MNIST_DIR ;;
esac
mkdir -p "$root/build" && folder=$(mktemp -d "$root/build/run.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
log=$folder/log

# number REGEX: the number in the log's line "100%: Checks: 9, Failures: 0, ..."
number() {
    local n
    n=$(sed -n "s/^[0-9]*%: .*$1: \([0-9]*\).*/\1/p" "$log" | tail -n 1)
    echo "${n:-0}"
}

passed=0 failed=0 skipped=0
for test in "$@"; do
    case $test in
    /*) path=$test ;;
    *) path=$PWD/$test ;;
    esac
    mkdir -p "$folder/cwd"
    started=$SECONDS
    (cd "$folder/cwd" && exec ${prefix[@]+"${prefix[@]}"} "$path") \
        </dev/null >"$log" 2>&1
    status=$?
    rm -rf "$folder/cwd"

    checks=$(number Checks)
    # Failures and errors are Check's; "stopped before its end" is testing.c's.
    bad=$(($(number Failures) + $(number Errors)))
    bad=$((bad + $(grep -c ': stopped before its end: ' "$log")))
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$checks" -eq 0 ]; }; then
        bad=1 # it crashed, or ran nothing
    fi
    skips=$(grep -c '^skip: ' "$log")
    good=$((checks - bad - skips))
    [ "$good" -ge 0 ] || good=0
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + skips))

    name=${test##*build/}
    summary=$(grep -E '^[0-9]+%: ' "$log" | tail -n 1)
    printf '%-40s %s (%d s)\n' "${name#*/tests/}" "${summary:-no summary}" \
        $((SECONDS - started))
    if [ "$bad" -gt 0 ]; then
        echo "    $test ended with status $status and said:"
        sed 's/^/    /' "$log"
    else
        grep '^skip: ' "$log" | sed 's/^/    /'
    fi
done

line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
