# words.awk - Chinese words that no lecture uses. A line per word and place.
#
#   awk -f words.awk TEXT... words.tsv FILE...
#
# A word is a run of Chinese characters in a README or a source file. It must
# stand in one of the texts, or in words.tsv with the reason why it is used.

function squeezed(s) {
    gsub(/[ \t\r*]|\343\200\200/, "", s)
    return s
}

reading {
    texts = texts squeezed($0) (FILENAME ~ /words\.tsv$/ ? "\n" : "")
    next
}
{
    while (match($0, /([\344-\351][\200-\277][\200-\277])+/)) {
        word = substr($0, RSTART, RLENGTH)
        $0 = substr($0, RSTART + RLENGTH)
        if (length(word) > 3 && !index(texts, word) && !seen[FILENAME, word]++)
            print FILENAME ":" FNR ": " word " is in no lecture"
    }
}
