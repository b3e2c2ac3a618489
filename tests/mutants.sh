#!/usr/bin/env bash
# mutants.sh [CHAPTER | NAME]... - shows that the tests notice what students do
# wrong.
#
# tests/mutants/*.txt hold small mistakes, a block each:
#
#     mutant ch01_novikoff_R
#     what   Novikoff's bound R/gamma^2: R is not squared
#     test   ch01/test_perceptron
#     in     ch01_perceptron/perceptron.c novikoff
#     -      R2 / (gamma * gamma)
#     +      sqrt(R2) / (gamma * gamma)
#
# In a copy of the project, the text after "-" gives way to the text after "+"
# (nothing, if there is none), and the tests of the block must then fail. The
# text is looked for in the function named, with any spaces and line breaks
# between its words: it must be there exactly once. One block may hold several
# "in". A block with a line "equal REASON" changes nothing that can be seen: it
# is listed, with the reason, and not run.
#
#   mutants.sh 02 common     the mutants of chapter 2 and of the library
#   mutants.sh ch02_mlp      those whose name begins like this
#   CHECK=1 mutants.sh       runs nothing: is each text still where it should be?
#   PART=3/10 mutants.sh     the third of ten parts
set -u
cd "$(dirname "$0")/.." || exit 1
root=$PWD
mkdir -p build && place=$(mktemp -d "$root/build/mutants.XXXXXX") || exit 1
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT TERM
export LC_ALL=C

# ---- 1. Read the blocks ---------------------------------------------------------

# One folder a mutant: what, test, equal, and N.in, N.old, N.new for each "in".
read_mutants() {
    awk -v place="$place" '
        function to(file, text) { printf "%s\n", text > file; close(file) }
        function flush_edit() {
            if (edits > 0) {
                to(folder "/" edits ".in", where)
                to(folder "/" edits ".old", old)
                to(folder "/" edits ".new", new)
            }
            old = new = ""
        }
        { rest = substr($0, 8) }
        $1 == "mutant" {
            flush_edit(); edits = 0
            folder = place "/list/" $2
            if (system("mkdir " folder) != 0) exit 1 # the name is taken
            print $2
        }
        $1 == "what" || $1 == "test" || $1 == "equal" {
            to(folder "/" $1, rest)
        }
        $1 == "in" { flush_edit(); edits++; where = rest }
        /^-/ { old = old (old == "" ? "" : "\n") rest }
        /^\+/ { new = new (new == "" ? "" : "\n") rest }
        END { flush_edit() }' tests/mutants/*.txt
}

# chosen NAME WORD...: NAME begins with one of the words, or there are none;
# 02 stands for ch02, common for lib
chosen() {
    local name=$1 word
    shift
    [ $# -gt 0 ] || return 0
    for word in "$@"; do
        case $word in
        [0-9]*) word=ch$word ;;
        common) word=lib ;;
        esac
        case $name in "$word"*) return 0 ;; esac
    done
    return 1
}

# ---- 2. Change a file -----------------------------------------------------------

# edit FILE FUNCTION OLD NEW: prints FILE with the text changed; says why it
# cannot
edit() {
    OLD=$3 NEW=$4 awk -v file="$1" -v name="$2" '
        # A regular expression for the text, however it is broken into lines.
        function pattern(text,   i, c, before, gap, out) {
            out = before = ""
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c ~ /[ \t\n]/) { gap = 1; continue }
                if (out != "")
                    out = out (before ~ /[A-Za-z0-9_]/ && c ~ /[A-Za-z0-9_]/ \
                               ? (gap ? "[ \t\n]+" : "") : "[ \t\n]*")
                out = out (c ~ /[A-Za-z0-9_]/ ? c : c ~ /[\\^]/ ? "\\" c \
                           : "[" c "]")
                before = c
                gap = 0
            }
            return out
        }
        { line[NR] = $0 }
        END {
            first = 1
            last = NR
            if (name != "") {
                for (first = 1; first <= NR; first++)
                    if (line[first] ~ "^[a-z].*[ *]" name "[(]" &&
                        line[first] !~ /;$/)
                        break
                for (last = first; last <= NR && line[last] !~ /^}/; last++)
                    ;
            }
            if (first > NR) {
                print file ": there is no function " name > "/dev/stderr"
                exit 1
            }
            for (i = first; i <= last && i <= NR; i++)
                body = body line[i] "\n"
            wanted = pattern(ENVIRON["OLD"])
            found = match(body, wanted)
            start = RSTART
            size = RLENGTH
            if (found && match(substr(body, start + size), wanted)) {
                print file ", " name ": found twice: " ENVIRON["OLD"] \
                    > "/dev/stderr"
                exit 1
            }
            if (!found) {
                print file ", " name ": not found: " ENVIRON["OLD"] \
                    > "/dev/stderr"
                exit 1
            }
            for (i = 1; i < first; i++)
                print line[i]
            printf "%s%s%s", substr(body, 1, start - 1), ENVIRON["NEW"],
                substr(body, start + size)
            for (i = last + 1; i <= NR; i++)
                print line[i]
        }' "$1"
}

# mutate NAME: makes its changes in this folder; prints the files it changed
mutate() {
    local at=$place/list/$1 n file function
    for n in 1 2 3 4 5 6 7 8 9; do
        [ -e "$at/$n.in" ] || break
        read -r file function <"$at/$n.in"
        edit "$file" "$function" "$(cat "$at/$n.old")" "$(cat "$at/$n.new")" \
            >"$at/changed" || return 1
        [ -e "$file.unchanged" ] || cp -p "$file" "$file.unchanged"
        cp "$at/changed" "$file"
        echo "$file"
    done
    [ -e "$at/1.in" ]
}

# restore "FILE...": as they were
restore() {
    local file
    for file in $1; do
        [ -e "$file.unchanged" ] || continue
        cp "$file.unchanged" "$file" # not mv: it must look newer to make
        rm "$file.unchanged"
    done
}

# ---- 3. Run the tests of one ----------------------------------------------------

# run_tests LOG TEST...: builds these tests and the programs that they run, and
# runs them: 0 all passed, 1 one failed, 2 something does not compile
run_tests() {
    local log=$1 test program goals=() binaries=()
    shift
    for test in "$@"; do
        binaries+=("build/release/tests/$test")
        # "mlp --epochs 1" in a test is a program that it runs
        for program in $(grep -ohE '"[a-z0-9_]+' "tests/$test.c" |
            tr -d '"' | sort -u); do
            [ ! -e "$(echo ch*/"$program.c")" ] || goals+=("$program")
        done
    done
    make -o build/release/flags -j"$at_once" "${binaries[@]}" \
        ${goals[@]+"${goals[@]}"} >"$log" 2>&1 || return 2
    JOBS=$at_once bash tests/run.sh "${binaries[@]}" >"$log" 2>&1 || return 1
}

# first_failure LOG: "two_apples: e[APPLE].grad is 40, not 2.2 ..."
first_failure() {
    grep -a -m 1 -A 1 '^    failed: ' "$1" | sed -e 's/^ *//' \
        -e '1s/failed: \([^,]*\).*/\1:/' | tr '\n' ' '
}

# In the worker's copy. The first word of $place/list/NAME/verdict tells how it
# ended. A test that fails without the mutant catches nothing.
try() {
    local name=$1 at=$place/list/$1 files tests
    read -r -a tests <"$at/test"
    if ! files=$(mutate "$name" 2>"$at/log"); then
        echo "stale $(head -n 1 "$at/log")"
    else
        run_tests "$at/log" "${tests[@]}"
        case $? in
        0) echo "SURVIVED $(cat "$at/what")" ;;
        1) echo "caught $(first_failure "$at/log")" ;;
        *) echo "broken $(grep -m 1 -E 'error|Error' "$at/log")" ;;
        esac
    fi >"$at/verdict"
    restore "$files"
}

# before NAME...: do the tests of these hold without any mutant?
before() {
    local tests
    read -r -a tests <<<"$(for name in "$@"; do cat "$place/list/$name/test"; done |
        tr ' ' '\n' | sort -u | tr '\n' ' ')"
    make -o build/release/flags -j"$at_once" all >"$place/log" 2>&1 &&
        run_tests "$place/log" "${tests[@]}" && return
    echo "mutants.sh: these fail as they are:"
    grep -a -A 1 -e 'error: ' -e '^    failed: ' "$place/log"
    exit 1
}

# copy FOLDER: what the tests need, with what is built, times and all; a test may
# run another program than its own
copy() {
    local source
    mkdir -p "$1/build"
    cp -a Makefile README.md common ch0[1-7]_* tests "$1"
    for source in ch0[1-7]_*/*.c; do
        source=$(basename "$source" .c)
        [ ! -e "$source" ] || cp -a "$source" "$1"
    done
    cp -a build/release "$1/build"
}

# work NUMBER NAME...: tries those that no other worker has begun
work() {
    local tree=$place/tree.$1 name
    shift
    copy "$tree"
    cd "$tree" || exit 1
    for name in "$@"; do
        mkdir "$place/list/$name/begun" 2>/dev/null || continue
        try "$name"
    done
    rm -rf "$tree"
}

# ---- 4. All of them -------------------------------------------------------------

mkdir "$place/list"
all=$(read_mutants) || exit 1
names=() number=0 part=${PART:-1/1}
for name in $all; do
    chosen "$name" "$@" || continue
    number=$((number + 1))
    [ $((number % ${part#*/})) -ne $((${part%/*} % ${part#*/})) ] ||
        names+=("$name")
done
[ ${#names[@]} -gt 0 ] || {
    echo "mutants.sh: no mutant is called ${*:-anything}"
    exit 1
}

if [ -n "${CHECK:-}" ]; then
    tree=$place/tree.0 bad=0
    mkdir "$tree" && cp -a common ch0[1-7]_* tests "$tree" && cd "$tree" || exit 1
    for name in "${names[@]}"; do
        files=$(mutate "$name" 2>"$place/log") || {
            echo "$name: $(cat "$place/log")"
            bad=$((bad + 1))
        }
        restore "$files"
    done
    echo "${#names[@]} mutants, $bad of them out of date"
    cd "$root" && rm -rf "$tree"
    exit $((bad > 0))
fi

# A test that needs MNIST cannot be what catches a mutant: most have none. A
# mistake may leave something unused: that is no error here, as with CI it is.
unset MNIST_DIR MAKEFLAGS MFLAGS MAKELEVEL CI
runs=()
for name in "${names[@]}"; do
    if [ -e "$place/list/$name/equal" ]; then
        echo "equal $(cat "$place/list/$name/equal")" >"$place/list/$name/verdict"
    else
        runs+=("$name")
    fi
done
at_once=${JOBS:-$(nproc 2>/dev/null || echo 1)}
before "${runs[@]}"
workers=$at_once at_once=1
for worker in $(seq "$workers"); do
    work "$worker" "${runs[@]}" &
done
wait

bad=0
for name in "${names[@]}"; do
    read -r word rest <"$place/list/$name/verdict"
    [ "$word" = caught ] || [ "$word" = equal ] || bad=$((bad + 1))
    printf '%-9s %-28s %s\n' "$word" "$name" "$rest"
done | tee build/mutants.txt | cut -c 1-160
awk '{ chapter = substr($2, 1, 4); all[chapter]++; sum++; n[chapter, $1]++
       if ($1 == "caught") caught++; if ($1 == "equal") equal++ }
     END { for (c in all) printf "%s: %d of %d caught%s\n",
               c == "lib_" ? "common" : c, n[c, "caught"], all[c],
               n[c, "equal"] ? ", " n[c, "equal"] " equal" : "" | "sort"
           close("sort")
           printf "%d mutants: %d caught, %d equal, %d not caught\n", sum,
               caught, equal, sum - caught - equal
           exit sum - caught - equal > 0 }' build/mutants.txt
