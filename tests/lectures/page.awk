# page.awk - one lecture in slide order: what an instructor opens before class.
#
#   awk -v mode=text|html -v readmes="ch01_perceptron/README.md ..." \
#       -f rows.awk -f page.awk tests/lectures/A.tsv
#
# Per row: where it stands, the formula as printed, the program and function
# that compute it, and what is wrong, planned or left out; where a program comes
# up first, also the numbers to expect (its last line, from its chapter's README)
# and its figures.

BEGIN {
    FS = "\t"
    n = split(readmes, list, " ")
    for (i = 1; i <= n; i++)
        read_programs(list[i])
}

# ---- What the READMEs say of each program -----------------------------------

function read_programs(file,    line, n, cell, i, column, name) {
    while ((getline line < file) > 0) {
        gsub(/\\\|/, "\001", line)
        n = split(line, cell, "|")
        if (line ~ /^\| *program *\|/) {
            split("", column)
            for (i = 2; i < n; i++) {
                gsub(/^ +| +$/, "", cell[i])
                column[cell[i]] = i
            }
        } else if (!("ends with" in column)) {
            continue
        } else if (match(line, /^\| *\[?`[a-z0-9_]+`/)) {
            name = substr(line, RSTART, RLENGTH)
            gsub(/[^a-z0-9_]/, "", name)
            expect[name] = cell[column["ends with"]]
            sub(/^ *`result: */, "", expect[name])
            sub(/` *$/, "", expect[name])
            gsub(/\001/, "|", expect[name])
            figures[name] = charts(cell[column["charts"]], name)
        }
    }
    close(file)
}

# In full: `_saddle` beside `optimizers_bowl` is optimizers_saddle.
function charts(cell, program,    list, name) {
    while (match(cell, /`[a-z0-9_]+`/)) {
        name = substr(cell, RSTART + 1, RLENGTH - 2)
        if (name ~ /^_/)
            name = program name
        list = list (list == "" ? "" : " ") name
        cell = substr(cell, RSTART + RLENGTH)
    }
    return list
}

function program_of(file) {
    if (file !~ /^ch0/)
        return ""
    sub(/.*\//, "", file)
    sub(/\.c$/, "", file)
    return file
}

# The programs that the row names, each once.
function find_programs(    n, list, i, part, name, seen) {
    split("", row_program)
    row_programs = 0
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        name = program_of(part[1])
        if (part[2] != "" && name != "" && !(name in seen)) {
            seen[name] = 1
            row_program[++row_programs] = name
            program_file[name] = part[1]
        }
    }
}

# ---- Text -------------------------------------------------------------------

function text_row(    label, i, name, line) {
    if (kind == "term") {
        words = words (words == "" ? "" : " · ") id " " plain
        return
    }
    label = sprintf("%5s  ", lines + 0) id
    printf "%s", label
    if (columns(label) > 26)
        print ""
    fold(plain, 28, columns(label) > 26 ? 0 : columns(label))
    if (ours != "")
        fold("here: " ours, 28, 0)
    for (i = 1; i <= row_programs; i++) {
        name = row_program[i]
        line = "./" name ": " functions_in(program_file[name])
        if (!told[name]++) {
            if (expect[name] != "")
                line = line "; expect " shortened(expect[name])
            if (figures[name] != "")
                line = line "; figure " figures[name]
        }
        fold(line, 28, 0)
    }
    if (row_programs == 0 && match(code, /common\/[^ ]*:[^ ]*/))
        fold(substr(code, RSTART, RLENGTH), 28, 0)
    if (state != "shown")
        fold(state ": " note, 28, 0)
}

function text_terms() {
    if (words != "")
        fold("terms: " words, 7, 0)
    words = ""
}

function functions_in(file,    n, list, i, part, names) {
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        if (part[1] == file)
            names = names (names == "" ? "" : ", ") part[2]
    }
    return names
}

# The first few figures of a result line.
function shortened(s) {
    if (length(s) <= 60)
        return s
    s = substr(s, 1, 60)
    sub(/ [^ ]*$/, " ...", s)
    return s
}

# ---- HTML -------------------------------------------------------------------

function html(s) {
    gsub(/&/, "\\&amp;", s)
    gsub(/</, "\\&lt;", s)
    gsub(/>/, "\\&gt;", s)
    while (match(s, /`[^`]+`/))
        s = substr(s, 1, RSTART - 1) "<code>" \
            substr(s, RSTART + 1, RLENGTH - 2) "</code>" \
            substr(s, RSTART + RLENGTH)
    return s
}

# s, which a narrow column may break behind one of these characters.
function breakable(s, behind) {
    gsub("[" behind "]", "&<wbr>", s)
    return s
}

function html_code(    n, list, i, part, s) {
    n = split(code, list, " ")
    for (i = 1; i <= n; i++) {
        split(list[i], part, ":")
        if (part[2] != "")
            s = s "<a href=\"../" part[1] "#L" line_of(part[1], part[2]) \
                "\"><code>" part[2] "</code></a> <small>" breakable(part[1], "/") ":" \
                line_of(part[1], part[2]) "</small><br>"
    }
    return s
}

function html_expect(    i, s) {
    for (i = 1; i <= row_programs; i++)
        if (!told[row_program[i]]++)
            s = s "<code>./" row_program[i] "</code> " \
            breakable(html(expect[row_program[i]]), "=") "<br>"
    return s
}

function html_figures(    i, k, n, list, s, picture) {
    for (i = 1; i <= row_programs; i++) {
        if (drawn[row_program[i]]++)
            continue
        n = split(figures[row_program[i]], list, " ")
        for (k = 1; k <= n; k++) {
            picture = substr(program_file[row_program[i]], 1, 4) "/" list[k] \
                ".svg"
            s = s "<a href=\"" picture "\">" breakable(list[k], "_") "</a><br>"
        }
    }
    return s
}

function html_row(    formula) {
    if (kind == "term") {
        words = words (words == "" ? "" : " · ") "<b>" id "</b> " html(plain)
        return
    }
    formula = html(plain)
    if (is_formula(kind) && latex != "")
        formula = formula "<br><small><code>" html(latex) "</code></small>"
    if (ours != "")
        formula = formula "<br>here: " html(ours)
    print "<tr id=\"" with_dash(id) "\" class=\"" with_dash(state) \
        "\"><td>" breakable(lines, ",") "</td><td>" html(id) \
        "</td><td>" formula "</td><td>" html_code() "</td><td>" html_expect() \
        "</td><td>" html_figures() "</td><td>" \
        (state == "shown" ? "" : "<b>" state "</b> " html(note)) "</td></tr>"
}

function html_terms() {
    if (words != "")
        print "<tr class=\"terms\"><td></td><td colspan=\"6\">" words \
            "</td></tr>"
    words = ""
}

function with_dash(s) {
    gsub(/ /, "-", s)
    return s
}

function html_head() {
    print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
    print "<meta name=\"viewport\" content=\"width=device-width, " \
        "initial-scale=1\">"
    print "<title>Lecture " lecture " in slide order</title>\n<style>"
    print "body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: " \
        "90em; padding: 0 1em; color: #222; background: #fff }"
    print "table { border-collapse: collapse; width: 100%; table-layout: " \
        "fixed; min-width: 70em }"
    print "h2 { margin: 1.2em 0 .2em; font-size: 1.25em }"
    print "td, th { padding: .35em .6em; border-bottom: 1px solid #ddd; " \
        "vertical-align: top; text-align: left }"
    print "td:nth-child(1) { color: #888 }"
    print "td { overflow-wrap: break-word }"
    print "small { color: #666; overflow-wrap: anywhere }"
    print ".erratum td:last-child { background: #fff1d6 }"
    print ".planned td:last-child, .left-out td:last-child { color: #888 }"
    print ".terms td { background: #f4f6f8 }"
    print "@media (prefers-color-scheme: dark) { body { color: #ddd; " \
        "background: #181a1b } td, th { border-color: #444 } small { color: " \
        "#999 } a { color: #8cb4ff } .terms td { background: #22262a } " \
        ".erratum td:last-child { background: #4a3a12 } }"
    print "@media (max-width: 50em) { table { min-width: 0 } colgroup, tr:first-child " \
        "{ display: none } tr, td, th { display: block } td { border: 0; padding: .1em 0 } " \
        "td:empty { display: none } tr { border-bottom: 1px solid #8884; padding: .4em 0 } }"
    print "</style>\n</head>\n<body>\n<h1>Lecture " lecture \
        " in slide order</h1>"
    print "<p>Numbers to expect are those of each program's last line. " \
        "<code>make plots</code> draws the figures.</p>\n<table>\n<colgroup>" \
        "<col style=\"width: 5%\"><col style=\"width: 10%\"><col style=" \
        "\"width: 29%\"><col style=\"width: 14%\"><col style=\"width: 14%\">" \
        "<col style=\"width: 10%\"><col style=\"width: 18%\"></colgroup>"
    print "<tr><th>line</th><th>item</th><th>formula as printed</th><th>" \
        "function</th><th>numbers to expect</th><th>figures</th><th>remark" \
        "</th></tr>"
}

function html_heading(s) {
    html_terms()
    print "<tr><th colspan=\"7\"><h2>" html(s) "</h2></th></tr>"
}

# ---- Rows -------------------------------------------------------------------

FNR == 1 {
    read_row()
    if (mode == "html")
        html_head()
}
/^#/ {
    split("", drawn)
    split("", told) # each section tells its programs' numbers anew
    heading = $0
    sub(/^#+ */, "", heading)
    if (mode == "html") {
        html_heading(heading)
    } else {
        text_terms()
        print ""
        fold(heading, 0, 0)
    }
    next
}
is_row() {
    read_row()
    find_programs()
    if (mode == "html")
        html_row()
    else
        text_row()
}
END {
    if (mode == "html") {
        html_terms()
        print "</table>\n</body>\n</html>"
    } else
        text_terms()
}
