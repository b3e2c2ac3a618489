#!/usr/bin/env bash
# under_test.sh TEST_FILE TEST - which functions a test is about, where they
# stand, what the line of their source says, and which item of a lecture the
# test proves:
#
#     mul_backward, ch03_backprop/apple_tax.c:48: [C mul node] z = x y ...
#     lecture C: mul node
#
# A function is counted if the test calls it, by itself or through a helper in
# the same file, and if it is of the program that the file includes (or, in a
# test of the library, of common/).
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
file=$1 test=$2
[ -f "$file" ] || exit 0

program=$(sed -n 's/^#include "\(ch0[^"]*\.c\)"$/\1/p' "$file" | head -n 1)
if [ -n "$program" ]; then
    sources=("$program")
else
    sources=(common/*.c)
fi

awk -v test="$test" -v tests="$file" -v program="$program" '
    # The names that are followed by "(" in a line, in their order.
    function calls(line, from,   name) {
        sub(/^ *\/\/.*/, "", line)
        while (match(line, /[A-Za-z_][A-Za-z_0-9]*[(]/)) {
            name = substr(line, RSTART, RLENGTH - 1)
            line = substr(line, RSTART + RLENGTH)
            called[from] = called[from] " " name
        }
    }
    # Follows the calls from here as long as they stay in the test file.
    function follow(from,   n, i, name, names) {
        if (seen[from]++)
            return
        n = split(called[from], names, " ")
        for (i = 1; i <= n; i++) {
            name = names[i]
            if (name in called)
                follow(name)
            else if (!(name in reached)) {
                reached[name] = ++count
            }
        }
    }
    function defined(line) { # the name of the function that begins here
        if (line !~ /^[a-z]/ || line !~ /[(]/ || line ~ /;$/)
            return ""
        sub(/[(].*/, "", line)
        sub(/.*[ *]/, "", line)
        return line
    }

    FILENAME == tests {
        if (match($0, /^START_TEST[(]/)) {
            now = substr($0, RLENGTH + 1)
            sub(/[)].*/, "", now)
            called[now] = ""
        } else if ((name = defined($0)) != "") {
            now = name
            called[now] = ""
        } else if (now != "")
            calls($0, now)
        next
    }
    FNR == 1 && !followed++ { follow(test) }
    /^\/\/ \[[A-Z]/ && tag == "" { tag = substr($0, 4) }
    /^$|^}/ { tag = "" }
    (name = defined($0)) != "" {
        if (name in reached && name !~ /_(init|free)$/) {
            place[reached[name]] = name ", " FILENAME ":" FNR
            if (tag != "")
                place[reached[name]] = place[reached[name]] ": " tag
        }
        tag = ""
    }
    END {
        shown = 0
        for (i = 1; i <= count && shown < 4; i++)
            if (i in place) {
                print place[i]
                shown++
            }
        if (shown == 0 && program != "")
            print "the program, " program
    }' "$file" "${sources[@]}"

for rows in tests/lectures/*.tsv; do
    letter=$(basename "$rows" .tsv)
    awk -F '\t' -v proof="$file:$test" -v letter="$letter" '
        { n = split($8, named, " ")
          for (i = 1; i <= n; i++)
              if (named[i] == proof) {
                  print (letter ~ /^[A-D]$/ ? "lecture " letter : "paper") \
                      ": " $1 ", line " $2
                  break
              } }' "$rows"
done | head -n 2
