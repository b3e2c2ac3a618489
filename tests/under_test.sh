#!/usr/bin/env bash
# under_test.sh TEST_FILE TEST [LINE] - which functions a test is about, where
# they stand, what the line of their source says, and which item of a lecture
# the test proves; and if LINE, where it failed, lies in a helper, who called it:
#
#     that is in check_row, called from line 250
#     about mul_backward, ch03_backprop/apple_tax.c:48: [C mul node] z = x y ...
#     lecture C, line 1259: two apples
#
# A function is counted if the test calls it, by itself or through a helper in
# the same file, and if it is of the program that the file includes (or, in a
# test of the library, of common/); then those that it calls, if their comment
# has a source. Six at most.
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
file=$1 test=$2 line=${3:-0}
[ -f "$file" ] || exit 0

program=$(sed -n 's/^#include "\(ch0[^"]*\.c\)"$/\1/p' "$file" | head -n 1)
if [ -n "$program" ]; then
    sources=("$program")
else
    sources=(common/*.c)
fi

awk -v test="$test" -v tests="$file" -v program="$program" \
    -v failed="$line" '
    # The names that are followed by "(" in a line, in their order.
    function calls(line, from,   name) {
        sub(/^ *\/\/.*/, "", line)
        while (match(line, /[A-Za-z_][A-Za-z_0-9]*[(]/)) {
            name = substr(line, RSTART, RLENGTH - 1)
            line = substr(line, RSTART + RLENGTH)
            called[from] = called[from] " " name
            if (FILENAME == tests)
                calling[from, name] = calling[from, name] " " FNR
        }
    }
    # Does one function of the test file call the other, however indirectly?
    function leads(from, to, depth,   n, i, names) {
        if (from == to)
            return 1
        n = depth > 5 ? 0 : split(called[from], names, " ")
        for (i = 1; i <= n; i++)
            if (names[i] in called && leads(names[i], to, depth + 1))
                return 1
        return 0
    }
    function show_callers(   n, i, names, lines) {
        n = split(called[test], names, " ")
        for (i = 1; i <= n; i++)
            if (names[i] in called && leads(names[i], holder, 0) &&
                !told[names[i]]++)
                lines = lines calling[test, names[i]]
        gsub(/ /, " or ", lines)
        if (lines != "")
            print "that is in " holder ", called from line" \
                substr(lines, 4)
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
        if (line !~ /^[a-z]/ || line !~ /[(]/ || line ~ /;$/ ||
            (program == "" && FILENAME != tests && line ~ /^static/))
            return ""
        sub(/[(].*/, "", line)
        sub(/.*[ *]/, "", line)
        return line
    }

    FILENAME == tests {
        if (FNR == failed)
            holder = now
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
    /^$|^}/ { tag = inside = "" }
    (name = defined($0)) != "" {
        inside = name
        place[name] = "about " name ", " FILENAME ":" FNR \
            (tag != "" ? ": " tag : "")
        tagged[name] = tag != ""
        tag = ""
        next
    }
    inside != "" { calls($0, "in " inside) }

    function show(name) {
        if (name in place && name !~ /_(init|free)$/ && !printed[name]++ &&
            shown++ < 6)
            print place[name]
    }
    END {
        if (holder != "" && holder != test)
            show_callers()
        for (name in reached)
            ordered[reached[name]] = name
        for (i = 1; i <= count; i++)
            show(ordered[i])
        # what these call, if a source is named for it
        for (i = 1; i <= count; i++) {
            n = split(called["in " ordered[i]], names, " ")
            for (k = 1; k <= n; k++)
                if (tagged[names[k]])
                    show(names[k])
        }
        if (shown == 0 && program != "")
            print "about the program, " program
    }' "$file" "${sources[@]}"

for rows in tests/lectures/*.tsv; do
    [ -e "$rows" ] || continue
    letter=$(basename "$rows" .tsv)
    awk -F '\t' -v proof="$file:$test" -v letter="$letter" '
        { n = split($8, named, " ")
          for (i = 1; i <= n; i++)
              if (named[i] == proof) {
                  print (letter ~ /^[A-D]$/ ? "lecture " letter ", line " $2 \
                         : "paper") ": " $1
                  break
              } }' "$rows"
done | head -n 2
