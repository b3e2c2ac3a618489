# rows.awk - what the other awk programs here share: a row's fields by name, a
# formula's bare symbols, and the cell that a README prints. Bytes, not
# characters (LC_ALL=C), so that every awk agrees.

{ sub(/\r$/, "") } # from a checkout with CRLF

# A row of a .tsv: `lecture` is A, B, C or D, or empty for papers.tsv.
function read_row(    name) {
    name = FILENAME
    sub(/.*\//, "", name)
    sub(/\.tsv$/, "", name)
    lecture = name == "papers" ? "" : name
    id = $1; lines = $2; kind = $3; latex = $4; plain = $5
    ours = $6; code = $7; test = $8; state = $9; note = $10
    tag = "[" (lecture == "" ? "" : lecture " ") id "]"
}

function is_row() {
    return $0 !~ /^#/ && $0 !~ /^[ \t]*$/
}

# The line of the file on which a name is defined, or 0: it starts in the first
# column, at most behind a type or a brace.
function line_of(file, name,    k, definition) {
    if ((file, name) in known_line)
        return known_line[file, name]
    definition = "^([A-Za-z}#].*[^A-Za-z0-9_])?" name " ?[[(=;{]"
    for (k = read_lines(file); k > 0; k--)
        if (text_line[file, k] ~ definition)
            known_line[file, name] = k
    return known_line[file, name] += 0
}

# How many lines the file has, which are then in text_line.
function read_lines(file,    k) {
    if (!(file in line_count)) {
        while ((getline text_line[file, k + 1] < file) > 0)
            k++
        close(file)
        line_count[file] = k + 0
    }
    return line_count[file]
}

# Kinds whose latex is a formula; the others quote words and numbers.
function is_formula(kind) {
    return kind == "equation" || kind == "table" || kind == "algorithm" ||
        kind == "code"
}

# What the README prints: the printed formula, or ours with the printed one.
function formula_cell() {
    if (ours == "")
        return plain
    if (!is_formula(kind))
        return ours " (no formula printed; in words: " latex ")"
    if (latex == "")
        return ours
    return ours " (" (state == "erratum" ? "printed, wrong: " \
        : "other form; printed: ") plain ")"
}

# ---- Lines of 80 columns ----------------------------------------------------

function columns(s) {
    gsub(/[\343-\351][\200-\277][\200-\277]|\357[\274\275][\200-\277]/, "CC", s)
    gsub(/[\200-\277]/, "", s)
    return length(s)
}

function spaces(n) {
    return substr("                                        ", 1, n)
}

# s in lines of 80 columns that all start at column indent; at is where we are.
function fold(s, indent, at,    n, word, i, width) {
    if (at < indent) {
        printf "%s", spaces(indent - at)
        at = indent
    }
    n = split(s, word, " ")
    for (i = 1; i <= n; i++) {
        width = columns(word[i])
        if (i > 1 && at + 1 + width > 80) {
            printf "\n%s", spaces(indent)
            at = indent
        } else if (i > 1) {
            printf " "
            at++
        }
        printf "%s", word[i]
        at += width
    }
    print ""
}

# ---- A formula reduced to its symbols ---------------------------------------

# LaTeX commands that are a symbol; those that are none stand for themselves
# (\tanh), those mapped to "" only arrange others.
function init_symbols(    i, n, list, pair) {
    n = split("alpha α beta β gamma γ delta δ epsilon ε varepsilon ε eta η " \
        "theta θ lambda λ mu μ nu ν pi π rho ρ sigma σ tau τ phi φ omega ω " \
        "Delta Δ Lambda Λ Sigma Σ Theta Θ sum Σ partial ∂ nabla ∇ sqrt √ " \
        "int ∫ infty ∞ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ approx ≈ equiv ≡ in ∈ " \
        "sim ~ leftarrow ← rightarrow → longrightarrow → to → " \
        "Rightarrow → Leftarrow ←", list, " ")
    for (i = 1; i < n; i += 2)
        symbol[list[i]] = list[i + 1]
    n = split("frac dfrac cdot times odot quad qquad dots cdots ldots vdots " \
        "ddots text textbf mathbf mathrm mathcal mathit boldsymbol " \
        "operatorname hat widehat tilde widetilde bar overline vec left " \
        "right mid Big big displaystyle prime circ ast", list, " ")
    for (i = 1; i <= n; i++)
        symbol[list[i]] = ""
    # raised and lowered characters, and other ways to write the same
    n = split("₀0 ₁1 ₂2 ₃3 ₄4 ₅5 ₆6 ₇7 ₈8 ₉9 ⁰0 ¹1 ²2 ³3 ⁴4 ⁵5 ⁶6 ⁷7 ⁸8 " \
        "⁹9 ₊+ ₋- ⁺+ ⁻- ₌= ₐa ₑe ₕh ᵢi ⱼj ₖk ₗl ₘm ₙn ₒo ₚp ᵣr ₛs ₜt ᵤu " \
        "ᵥv ₓx ⁱi ʲj ᵏk ˡl ᵐm ⁿn ᵒo ᵖp ʳr ˢs ᵗt ᵘu ˣx ᵃa ᵇb ᶜc ᵈd ᵉe ᶠf " \
        "ᵍg ʰh ᵀT ŷy −- –- ∑Σ ϵε µμ ", list, " ")
    for (i = 1; i <= n; i++) {
        pair = list[i]
        same_from[i] = substr(pair, 1, length(pair) - (pair ~ /[ -~]$/ ? 1 : 2))
        same_to[i] = substr(pair, length(same_from[i]) + 1)
    }
    sames = n
}

function skeleton(s,    done, command, i) {
    gsub(/\\begin\{[a-z*]+\}(\{[a-z|]+\})?|\\end\{[a-z*]+\}/, "", s)
    gsub(/\\\\|\\[,;:! |{}&_%]/, "", s)
    while (match(s, /\\[A-Za-z]+/)) {
        command = substr(s, RSTART + 1, RLENGTH - 1)
        done = done substr(s, 1, RSTART - 1) \
            (command in symbol ? symbol[command] : command)
        s = substr(s, RSTART + RLENGTH)
    }
    s = done s
    for (i = 1; i <= sames; i++)
        if (index(s, same_from[i]))
            gsub(same_from[i], same_to[i], s)
    gsub(/·|×|∘|⊙|∗|‖|…|⋯|⋮|⋱|\314[\200-\277]|\315[\200-\257]|，|。|；|′/, "", s)
    gsub(/[ \t(){}\[\],;:.'\/|^_&$*]/, "", s)
    return s
}
