#!/usr/bin/env bash
# run.sh TEST... - runs test binaries, as many at once as there are processors
# (JOBS=1: one), and adds them up.
#
# Shows how many tests of each passed, everything that a failing one printed,
# what was skipped, and last of all one line: N passed, N failed[, N skipped].
# The exit status is 0 only if tests were run and none failed.
#
#   RUN_WITH="valgrind -q" tests/run.sh build/release/tests/test_tensor
#
# SLOWER=N makes the tests' time limits N times longer; JUNIT=FILE writes the
# results as JUnit's XML. With REMAKE=make each binary is made first.
set -u

# ---- 1. One binary, run by xargs below ----------------------------------------

# first_error: of a compiler's and make's messages on stdin, the one that counts
first_error() {
    local lines
    lines=$(sed -e '/^make/d' -e 's:^\./::' | LC_ALL=C tr -cd '\n\40-\176')
    echo "$lines" | grep -m 1 -i -e 'error: ' -e 'undefined ' -e 'multiple def' ||
        echo "$lines" | head -n 1
}

# before_main TEST: what its object would run in the runner, before main or in
# place of a function that the runner calls. testing.o has such sections only
# where the compiler adds them to all files (sanitizers, coverage). Programs
# (ch01/ ...) are looked at; the library's tests replace what they test.
before_main() {
    case $1 in
    */tests/ch[0-9]*/*) ;;
    *) return ;;
    esac
    command -v readelf >/dev/null || return
    LC_ALL=C readelf -SsW "${1%/tests/*}/tests/testing.o" "$1.o" 2>/dev/null | awk '
        /^File: / { file++ }
        match($0, / (\.(preinit|init|fini|ctors|dtors)[._a-z0-9]*|IFUNC)/) {
            if (file == 1)
                exit
            print "has code that runs before or after main:" \
                substr($0, RSTART, RLENGTH)
        }
        $7 == "UND" && file == 1 { called[$8] }
        $5 ~ /GLOBAL|WEAK/ && $7 != "UND" && file == 2 && $8 in called {
            print "replaces " $8 ", which the runner calls"
        }'
}

# unfit TEST: a sentence if it must not be run
unfit() {
    local error
    if [ -n "${REMAKE:-}" ] && ! LC_ALL=C "$REMAKE" -s "$1.ready" >"$place/made" 2>&1; then
        error=$(first_error <"$place/made")
        case $error in
        *error:*) echo "does not compile: $error" ;;
        *) echo "does not link: $error" ;;
        esac
    elif [ ! -x "$1" ]; then
        echo "there is no such test"
    else
        before_main "$1"
    fi
}

# run.sh --one "NUMBER TEST": in a folder of its own, so nothing lands in the
# reader's; leaves its output there. Prints "NUMBER RESULT" for every verdict
# that the test's runner (testing.c) sends, and "NUMBER end STATUS SECONDS".
if [ "${1-}" = --one ]; then
    number=${2%% *} test=${2#* } started=$SECONDS status=1
    place=$RUN_FOLDER/$number
    mkdir -p "$place/cwd"
    why=$(unfit "$test" | head -n 1 | cut -c 1-300)
    if [ -n "$why" ]; then
        echo "$number 0 failed 0 $(basename "$test") - $why"
    else
        case $test in
        /*) ;;
        *) test=$PWD/$test ;;
        esac
        # The secret word and descriptor 3 are the runner's; its tests have
        # neither, and what they print goes into the log.
        word=$(od -An -N 16 -t x1 /dev/urandom | tr -d ' \n')
        read -r -a prefix <<<"${RUN_WITH:-}"
        (
            unset REMAKE RUN_FOLDER
            export TEST_CHANNEL=3
            cd "$place/cwd" && exec ${prefix[@]+"${prefix[@]}"} "$test"
        ) 3>&1 <<<"$word" >>"$place/log" 2>&1 |
            while read -r first line; do
                [ "$first" != "$word" ] || echo "$number $line"
            done
        status=${PIPESTATUS[0]}
    fi
    rm -rf "$place/cwd"
    echo "$number end $status $((SECONDS - started))"
    exit 0
fi

# ---- 2. All of them -----------------------------------------------------------

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
if [ $# -eq 0 ]; then
    echo "run.sh: no tests given"
    echo "0 passed, 1 failed"
    exit 1
fi

if [ -n "${RUN_WITH:-}" ]; then # such tools are slow
    export SLOWER="${SLOWER:-30}"
fi
# A failed allocation should be the program's to report, not the sanitizer's.
export ASAN_OPTIONS="${ASAN_OPTIONS:-allocator_may_return_null=1}"
case ${MNIST_DIR:-} in
'' | /*) ;;
*) MNIST_DIR=$PWD/$MNIST_DIR && export MNIST_DIR ;;
esac
junit=${JUNIT:-}
unset JUNIT # a test may run run.sh

mkdir -p "$root/build" && RUN_FOLDER=$(mktemp -d "$root/build/run.XXXXXX") ||
    exit 1
export RUN_FOLDER
trap 'rm -rf "$RUN_FOLDER"' EXIT
trap 'exit 130' INT TERM

# report NUMBER TEST: adds up its results[NUMBER] and prints its line, or more
# if it failed
report() {
    local log=$RUN_FOLDER/$1/log test=$2 name=${2##*/} status seconds
    local line verdict took what where message last=() good=0 bad=0 skips=0 notes="" about at
    read -r status seconds <<<"${ends[$1]}"
    while read -r what line; do
        [ -z "$what" ] || last[what]=$line # the last one of each test counts
    done <<<"${results[$1]-}"
    if [ ${#last[@]} -eq 0 ]; then
        last[0]="failed 0 $name - ended with status $status, no test was run"
    elif [ "$status" -ne 0 ] && [[ " ${last[*]}" != *" failed "* ]]; then
        last[0]="failed 0 $name - ended with status $status after its tests"
    fi

    name=${test##*build/} name=${name#*/tests/}
    for line in "${last[@]}"; do
        read -r verdict took what where message <<<"$line"
        case $verdict in
        passed) good=$((good + 1)) ;;
        skipped) skips=$((skips + 1)) notes+="    skip: $what: $message"$'\n' ;;
        *)
            bad=$((bad + 1)) at=", $where"
            [ "$where" != - ] || at=""
            notes+="    failed: $what$at"$'\n'"        $message"$'\n'
            about=$(about "$name" "$what" "${where##*:}")
            notes+=$about${about:+$'\n'}
            ;;
        esac
        printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$verdict" "$took" "$what" \
            "$where" "$message" >>"$RUN_FOLDER/results"
    done
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + skips))
    printf '%-40s %s (%d s)\n%s' "$name" "$(numbers $good $bad $skips)" \
        "$seconds" "$notes"
    [ $bad -eq 0 ] || said "$log" "$test"
}

# about NAME TEST LINE: what a failed test is about, from its own file
about() {
    bash "$root/tests/under_test.sh" "tests/$1.c" "$2" "$3" |
        sed 's/^/        /'
}

# said LOG TEST: what it printed beside Check's own lines
said() {
    local rest
    [ -e "$1" ] || return 0
    rest=$(tail -c 8192 "$1" | grep -a -v -e '^Running suite' -e '^[0-9]*%: ' \
        -e '^skip: ' -e '\.[ch]:[0-9]*:[FE]:' | sed 's/^/        /')
    [ -z "$rest" ] || printf '    %s said:\n%s\n' "$2" "$rest"
}

# numbers PASSED FAILED SKIPPED
numbers() {
    echo "$1 passed, $2 failed$([ "$3" -eq 0 ] || echo ", $3 skipped")"
}

# add_up TEST...: reports them in this order, whichever ends first, from what
# they print with --one
add_up() {
    local passed=0 failed=0 skipped=0 next=1 number rest
    local results=() ends=() # by number
    while read -r number rest; do
        case $rest in
        end*) ends[number]=${rest#end } ;;
        *) results[number]="${results[number]-}$rest"$'\n' ;;
        esac
        while [ -n "${ends[next]-}" ]; do
            report $next "$1"
            next=$((next + 1))
            shift
        done
    done
    if [ $# -gt 0 ]; then
        echo "run.sh: not run: $*"
        failed=$((failed + $#))
    fi
    [ -z "$junit" ] || write_junit || failed=$((failed + 1))
    numbers $passed $failed $skipped
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
}

# write_junit: the results as XML, the whole file at once
write_junit() {
    awk -F '\t' '
        function attribute(name, text) {
            gsub(/&/, "\\&amp;", text)
            gsub(/</, "\\&lt;", text)
            gsub(/"/, "\\&quot;", text)
            return " " name "=\"" text "\""
        }
        BEGIN { print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>" }
        {
            suite = $1
            sub(/test_/, "", suite)
            sub(/\//, ".", suite)
            if (suite != before)
                print (NR > 1 ? "</testsuite>\n" : "") "<testsuite" \
                    attribute("name", suite) ">"
            before = suite
            printf "<testcase%s%s%s>", attribute("classname", suite),
                attribute("name", $4), attribute("time", $3)
            if ($2 != "passed")
                printf "<%s%s%s/>", $2 == "failed" ? "failure" : $2,
                    attribute("message", $6), attribute("type", $5)
            print "</testcase>"
        }
        END { print (NR > 0 ? "</testsuite>\n" : "") "</testsuites>" }' \
        "$RUN_FOLDER/results" >"$junit.new" && mv "$junit.new" "$junit"
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
