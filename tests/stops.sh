#!/usr/bin/env bash
# stops.sh PROGRAM... - stops every program in the middle (`make check-stops`).
#
# Each runs once to its end and then again, stopped by SIGINT, SIGTERM or SIGHUP
# at several moments. A stopped run must end within two seconds, with exit
# status 130, 143 or 129, and begin no chart; its result line says interrupted=1,
# has no NaN, and each of its figures is that of the whole run. (Figures of
# single nets, which are reported after each epoch, and times are left out.)
# Last line: N passed, N failed.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
case ${MNIST_DIR:-} in
'' | /*) ;;
*) MNIST_DIR=$PWD/$MNIST_DIR && export MNIST_DIR ;;
esac
mkdir "$folder/cwd" && cd "$folder/cwd" || exit 1

# one net, epoch by epoch: the result of a stopped run is that of an earlier
# epoch
single=' mlp lenet googlenet lstm char_lstm feature_maps '
most=${STOP_SECONDS:-2}

now() { date +%s%N; }

# figures FILE: the words name=value of its result line that a stop may not
# change
figures() {
    tail -n 1 "$1" | tr ' ' '\n' | grep '=' |
        grep -v -e seconds -e per_second -e '^interrupted=' -e '^epochs=' | sort
}

# stop SIGNAL STATUS SECONDS: runs $program and stops it after so many seconds
stop() {
    rm -rf out
    "$root/$program" --plot svg </dev/null >"$folder/out" 2>"$folder/err" &
    local pid=$! status started milliseconds charts
    sleep "$3"
    : >"$folder/stopped"
    kill -s "$1" $pid 2>/dev/null || true
    started=$(now)
    wait $pid 2>/dev/null
    status=$?
    milliseconds=$((($(now) - started) / 1000000))
    [ $status -ne 0 ] || return 0 # it was faster
    checks=$((checks + 1))
    [ $status -eq "$2" ] || wrong "$1 after $3 s: status $status, not $2"
    [ $milliseconds -le $((1000 * most)) ] ||
        wrong "$1 after $3 s: ended only after $milliseconds ms"
    # before the signals are caught the system ends it: nothing is said then
    grep -q '^result: ' "$folder/out" || return 0
    grep -q '^result: .*interrupted=1' "$folder/out" ||
        wrong "$1 after $3 s: no interrupted=1"
    ! grep -q -i -w -e nan -e '-nan' "$folder/out" || wrong "$1 after $3 s: NaN"
    # one may have been under way, of what was finished
    charts=$(find out -name '*.gp' -newer "$folder/stopped" 2>/dev/null | wc -l)
    [ "$charts" -le 1 ] || wrong "$1 after $3 s: drew $charts charts"
    case $single in
    *" $program "*) ;;
    *)
        figures "$folder/out" | comm -23 - "$folder/whole" >"$folder/other"
        [ ! -s "$folder/other" ] ||
            wrong "$1 after $3 s: not of the whole run:" "$(paste -s -d " " "$folder/other")"
        ;;
    esac
}

wrong() {
    ok=no
    echo "$program: $*"
    tail -n 2 "$folder/out" | cut -c 1-300 | sed 's/^/    /'
}

passed=0 failed=0
for program in "$@"; do
    ok=yes checks=0
    begun=$(now)
    "$root/$program" --plot none </dev/null >"$folder/out" 2>/dev/null ||
        wrong "the whole run exits with $?"
    length=$((($(now) - begun) / 1000000))
    figures "$folder/out" >"$folder/whole"
    for part in 20 45 70 90; do
        case $part in
        45) kind=TERM status=143 ;;
        70) kind=HUP status=129 ;;
        *) kind=INT status=130 ;;
        esac
        [ $length -lt 400 ] || # too short to be stopped by hand
            stop $kind $status "$(awk "BEGIN { print $length * $part / 1e5 }")"
    done
    printf '%-16s %6d ms, stopped %d times: %s\n' "$program" $length $checks $ok
    if [ $ok = yes ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
