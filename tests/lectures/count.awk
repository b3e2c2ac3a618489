# count.awk - how many rows each lecture has, by state.
BEGIN {
    FS = "\t"
    n = split("shown,other form,erratum,planned,left out", name, ",")
    printf "%-8s %6s", "", "rows"
    for (i = 1; i <= n; i++)
        printf " %10s", name[i]
    print ""
}
is_row() {
    read_row()
    if (lecture == "") lecture = "papers"
    if (!(lecture in rows)) order[++lectures] = lecture
    rows[lecture]++
    count[lecture, state]++
}
END {
    for (k = 1; k <= lectures; k++) {
        printf "%-8s %6d", order[k], rows[order[k]]
        for (i = 1; i <= n; i++)
            printf " %10d", count[order[k], name[i]]
        print ""
    }
}
