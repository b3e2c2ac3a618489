# docs.awk - the sections of one README that are made from the rows.
#
#   awk -v folder=ch07_lstm -v tags=FILE -f rows.awk -f docs.awk *.tsv README.md
#
# Prints the README with what stands between the marks
#     <!-- lectures: equations -->   <!-- lectures: errata -->
#     <!-- lectures: terms -->   <!-- lectures: frameworks -->
# and the next  <!-- lectures: end -->  made anew. Equations are those whose tag
# stands in the code, in the order of the README's programs, and below them the
# papers of tags that are no lecture's; errata and terms come in the order of the
# lectures, frameworks.tsv as it stands.

BEGIN {
    FS = "\t"
    while ((getline line < tags) > 0) {
        match(line, /\[.*/)
        tagged[substr(line, RSTART)] = 1
    }
    readme = ARGV[ARGC - 1]
    while ((getline line < readme) > 0)
        if (match(line, /^\| *\[?`[a-z0-9_]+`/)) {
            name = substr(line, RSTART, RLENGTH)
            gsub(/[^a-z0-9_]/, "", name)
            place[folder "/" name ".c"] = ++programs
        }
    close(readme)
}

# The row's functions and files that this README may show: its own folder's
# and the library's. Sets order, functions, files; false if none is its own.
function find_code(    n, list, i, part, own, file) {
    functions = files = ""
    order = programs + 1
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        if (index(list[i], folder "/") == 1) {
            own = 1
            if (part[1] in place && place[part[1]] < order)
                order = place[part[1]]
        }
        if (part[2] == "" ||
            (index(part[1], folder "/") != 1 && index(part[1], "common/") != 1))
            continue
        file = part[1]
        if (index(file, folder "/") == 1)
            file = substr(file, length(folder) + 2)
        functions = with(functions, part[2])
        files = with(files, file)
    }
    return own
}

function with(list, name) {
    name = "`" name "`"
    return index(list, name) ? list : list == "" ? name : list ", " name
}

# A formula in a table of Markdown: 4*4 … 2*2 would be italic, g[l](z) a link.
function escaped_formula(s) {
    gsub(/\*/, "\\*", s)
    gsub(/\]\(/, "]\\(", s)
    return escaped(s)
}

function escaped(s) {
    gsub(/\|/, "\\|", s)
    return s
}

function print_equations(    k, i) {
    print "| tag | formula | function | file |"
    print "|---|---|---|---|"
    for (k = 1; k <= programs + 1; k++)
        for (i = 1; i <= equations; i++)
            if (order_of[i] == k)
                print equation[i]
    if (papers > 0)
        print ""
    for (i = 1; i <= papers; i++)
        print_item(paper[i] ": " citation[paper[i]] ".")
}

# The paper of a tag like [Nocedal 2006 BFGS] is named by author and year.
function cite(    name) {
    match(id, /(19|20)[0-9][0-9]/)
    name = substr(id, 1, RSTART + 3)
    if (!(name in citation)) {
        paper[++papers] = name
        citation[name] = note
        sub(/;.*/, "", citation[name])
    }
}

function print_frameworks(    i) {
    print "| | TensorFlow, Keras | PyTorch | here | where they differ |"
    print "|---|---|---|---|---|"
    for (i = 1; i <= frameworks; i++)
        print framework[i]
}

function print_errata(    i) {
    for (i = 1; i <= errata; i++)
        print_item(erratum[i])
}

function print_item(text) {
    printf "- "
    fold(text, 2, 2)
}

function print_terms(    i, text) {
    for (i = 1; i <= terms; i++)
        text = text (i > 1 ? " · " : "") term[i] " " english[term[i]] " (" \
            taught[term[i]] ")"
    fold(text, 0, 0)
}

FILENAME ~ /frameworks\.tsv$/ {
    if (is_row())
        framework[++frameworks] = "| " $1 " | " escaped($2) " | " escaped($3) \
            " | " escaped($4) " | " escaped($7) " |"
    else if (/^# /)
        framework[++frameworks] = "| **" substr($0, 3) "** | | | | |"
    next
}

FILENAME != readme && is_row() {
    read_row()
    if (!find_code())
        next
    if (kind == "term" && state == "shown") {
        if (!(id in english)) {
            term[++terms] = id
            english[id] = plain
        }
        taught[id] = taught[id] (taught[id] == "" ? "" : ", ") lecture
    }
    if (state == "erratum")
        erratum[++errata] = "**" lecture "**, *" id "*: " (note ~ /^[a-z][a-z]/ \
            ? toupper(substr(note, 1, 1)) substr(note, 2) : note)
    if (tag in tagged && functions != "") {
        equation[++equations] = "| `" tag "` | " escaped_formula(formula_cell()) \
            " | " functions " | " files " |"
        order_of[equations] = order
        if (lecture == "")
            cite()
    }
}

FILENAME != readme { next }
/lectures: [a-z]+ -->/ && !/^<!-- lectures: (equations|errata|terms|frameworks|end) -->/ {
    complain("no such mark: " $0)
}
/^<!-- lectures: end -->/ {
    if (!skipping)
        complain("an end without a beginning")
    skipping = 0
}
!skipping { print }
/^<!-- lectures: (equations|errata|terms|frameworks) -->/ {
    if (skipping)
        complain("a section without an end")
    skipping = 1
    section = $0
    gsub(/^<!-- lectures: | -->.*/, "", section)
    has[section] = 1
    if (section == "equations") print_equations()
    if (section == "errata") print_errata()
    if (section == "terms") print_terms()
    if (section == "frameworks") print_frameworks()
}
END {
    if (skipping)
        complain("a section without an end")
    if (folder ~ /^ch/ && (equations && !("equations" in has) ||
        errata && !("errata" in has) || terms && !("terms" in has)))
        complain("rows, but no section for them")
    exit wrong
}

function complain(text) {
    print readme ":" FNR ": " text >"/dev/stderr"
    wrong = 1
}
