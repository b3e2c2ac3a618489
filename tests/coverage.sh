#!/usr/bin/env bash
# coverage.sh DIR - which lines the tests reached (`make coverage`).
#
# DIR is where the objects of a build with --coverage lie, after the tests were
# run. Prints a table of every file of common/ and of the chapters. A source
# that was compiled into several binaries counts a line as reached if any of
# them reached it; the last lines before an abort() are never counted.
# `coverage.sh DIR FILE` lists the lines of FILE that were not reached.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
dir=$(cd "${1:?usage: coverage.sh DIR [FILE]}" && pwd) || exit 1
cd "$root" || exit 1

gcov=(gcov)
case $(${CC:-gcc} --version 2>/dev/null) in
*clang*) gcov=(llvm-cov gcov) ;;
esac
command -v "${gcov[0]}" >/dev/null || {
    echo "coverage: ${gcov[0]} is not installed; it comes with the compiler"
    exit 1
}

# gcov prints "count:line number:text"; the count is ##### for a line that was
# never reached and - for one without code.
find "$dir" -name '*.gcno' -exec "${gcov[@]}" --stdout {} + 2>/dev/null |
    awk -F: -v only="${2:-}" '
    $2 + 0 == 0 {
        if ($3 == "Source")
            file = $4
        next
    }
    file !~ /^(common|ch0[1-7]_[a-z]*)\// { next }
    $1 ~ /-$/ { next }
    {
        key = file ":" $2 + 0
        if (!(key in seen)) {
            seen[key] = 1
            lines[file]++
            text[key] = substr($0, index($0, $2) + length($2) + 1)
        }
        if ($1 !~ /[#=]/ && !(key in hit)) {
            hit[key] = 1
            reached[file]++
        }
    }
    END {
        if (only != "") {
            for (key in seen)
                if (!(key in hit) && index(key, only ":") == 1)
                    print key ":" text[key] | "sort -t : -k 2,2n"
            exit
        }
        table = "sort"
        for (file in lines) {
            all += lines[file]
            good += reached[file]
            printf "%-40s %5d of %5d lines %6.1f %%\n", file, reached[file],
                lines[file], 100 * reached[file] / lines[file] | table
        }
        close(table)
        if (all == 0) {
            print "coverage: nothing was measured"
            exit 1
        }
        printf "%-40s %5d of %5d lines %6.1f %%\n", "together", good, all,
            100 * good / all
    }'
