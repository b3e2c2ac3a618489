# check.awk - are the rows of tests/lectures true? Prints a line per problem.
#
#   awk -v tags=FILE -v credits=FILE -v lectures=DIR \
#       -f rows.awk -f check.awk A.tsv ... papers.tsv frameworks.tsv
#
# tags: lines "file:line:[tag]", every tag in the code. credits: lines "file:A",
# every lecture that a program's banner names. lectures: the folder of the texts
# A.txt to D.txt, or empty: then quotations are not compared.

BEGIN {
    FS = "\t"
    init_symbols()
    states = " shown other_form erratum planned left_out "
    kinds = " equation table algorithm experiment claim code exercise quiz" \
        " figure term "
    while ((getline line < tags) > 0) {
        match(line, /\[.*/)
        name = substr(line, RSTART)
        place = substr(line, 1, RSTART - 2)
        tagged[name] = tagged[name] " " place
        split(place, part, ":")
        in_file[part[1], name] = 1
    }
}

function problem(text) {
    print FILENAME ":" FNR ": " tag ": " text
}

function source_of(file,    line, text) {
    if (!(file in source)) {
        while ((getline line < file) > 0)
            text = text line "\n"
        close(file)
        source[file] = text
    }
    return source[file]
}

function check_code(    n, list, i, part) {
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        if (list[i] ~ /\/$/) {
            if (source_of(list[i] "README.md") == "")
                problem("there is no folder " list[i])
            continue
        }
        split(list[i], part, ":")
        if (list[i] !~ /^[^:]+:[A-Za-z_][A-Za-z0-9_]*$/)
            problem("no file:function: " list[i])
        else if (source_of(part[1]) == "")
            problem("there is no file " part[1])
        else if (!line_of(part[1], part[2]))
            problem("no " part[2] " in " part[1])
        else
            computed++
    }
}

function has_line(file, beginning) {
    return index("\n" source_of(file), "\n" beginning)
}

function check_test(    n, list, i, part) {
    n = split(test, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        if (source_of(part[1]) == "")
            problem("there is no file " part[1])
        else if (!has_line(part[1], "START_TEST(" part[2] ")"))
            problem("no test " part[2] " in " part[1])
        else if (source_of(part[1]) !~ ("[{]" part[2] "[,}]"))
            problem(part[1] " does not run " part[2])
    }
    return n
}

# The cited lines, without white space.
function cited(    text, n, ranges, i, k, ends) {
    n = split(lines, ranges, ",")
    for (i = 1; i <= n; i++) {
        split(ranges[i], ends, "-")
        if (ends[2] == "")
            ends[2] = ends[1]
        for (k = ends[1] + 0; k <= ends[2] + 0; k++) {
            text = text printed[lecture, k]
            if (state != "erratum" && kind != "term")
                covered[lecture, k] = 1
        }
    }
    return text
}

function read_lecture(    file, line, k) {
    if (lectures == "" || lecture == "" || lecture in length_of)
        return
    file = lectures "/" lecture ".txt"
    while ((getline line < file) > 0) {
        gsub(/[ \t\r]/, "", line)
        gsub(/\343\200\200/, "", line)
        printed[lecture, ++k] = line
    }
    length_of[lecture] = k + 0
    if (k == 0)
        print file ": cannot be read"
}

function check_quotation(    text, n, list, i, piece) {
    read_lecture()
    if (lectures == "" || lecture == "")
        return
    text = cited()
    n = split(latex, list, " … ")
    for (i = 1; i <= n; i++) {
        piece = list[i]
        gsub(/[ \t]/, "", piece)
        gsub(/\343\200\200/, "", piece)
        if (!index(text, piece))
            problem("lines " lines " do not print " list[i])
    }
}

function check_state() {
    if (!index(states, " " with_bar(state) " "))
        problem("no such state: " state)
    if (!index(kinds, " " kind " "))
        problem("no such kind: " kind)
    if (state == "shown" && ours != "")
        problem("shown as printed, and yet a form of ours")
    if ((state == "shown" || state == "other form") && kind != "term") {
        if (computed == 0)
            problem(state ", but no function")
        if (tests == 0)
            problem(state ", but no test")
    }
    if (state != "shown" && note == "")
        problem(state ", but no note says why")
    if (state == "planned" && note ~ /^`[a-z_]+`$/ && code ~ /\/$/ && \
        source_of(code substr(note, 2, length(note) - 2) ".c") != "")
        problem("planned, but " note " stands")
    if (state == "erratum" && code == "")
        problem("an erratum needs a chapter's folder")
    if (is_formula(kind) && computed > 0 && state != "left out" && \
        state != "planned" && !has_tag())
        problem("no comment // " tag " in " code)
}

function squeezed(s) {
    gsub(/ /, "", s)
    return s
}

function with_bar(words) {
    gsub(/ /, "_", words)
    return words
}

function has_tag(    n, list, i, part) {
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        if ((part[1], tag) in in_file)
            return 1
    }
    return 0
}

FNR == 1 { last = 0 }
!is_row() { next }
FILENAME ~ /frameworks\.tsv$/ {
    tag = $1; code = $5; test = $6
    if (NF != 7)
        problem(NF " fields, not 7")
    if (code == "" || test == "")
        problem("no function or no test")
    check_code()
    check_test()
    next
}
{
    read_row()
    if (NF != 10) {
        print FILENAME ":" FNR ": " NF " fields, not 10"
        next
    }
    if (tag in row_of)
        problem("stands twice")
    row_of[tag] = 1
    computed = 0
    check_code()
    tests = check_test()
    check_state()
    if (lecture != "" && is_formula(kind) && latex == "")
        problem("a formula that quotes nothing")
    if (id ~ /^ | $|[][]/)
        problem("an id that no tag can have")
    if (lecture != "") {
        if (lines !~ /^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$/)
            problem("no line numbers: " lines)
        if (lines + 0 < last)
            problem("line " lines " comes after line " last)
        last = lines + 0
        check_quotation()
    }
    if (kind == "term" && !index(squeezed(latex), squeezed(id)))
        problem("a term that is not quoted")
    if (is_formula(kind) && latex != "" && skeleton(plain) != skeleton(latex))
        problem("printed " skeleton(latex) ", plain " skeleton(plain))
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        codes[tag] = codes[tag] " " part[1]
        teaches[part[1], lecture] = 1
    }
}
END {
    for (name in length_of)
        for (k = 1; k <= length_of[name]; k++)
            if (printed[name, k] ~ /\$\$./ && !((name, k) in covered))
                print lectures "/" name ".txt:" k ": a formula that no row cites"
    while ((getline line < credits) > 0) {
        split(line, part, ":")
        if (!((part[1], part[2]) in teaches) && !seen[line]++)
            print part[1] ": its banner names lecture " part[2] \
                ", none of whose rows names it"
    }
    for (name in tagged) {
        n = split(tagged[name], list, " ")
        for (i = 1; i <= n; i++) {
            split(list[i], part, ":")
            if (!(name in row_of))
                print list[i] ": " name " is in no lecture's rows"
            else if (!index(codes[name] " ", " " part[1] " "))
                print list[i] ": the row of " name " does not name " part[1]
        }
    }
}
