// The scripts under tests/ and what they must not let through. fetch.sh is
// given mirrors on this disk; check_docs.sh, run.sh, smoke.sh and make are
// given small made-up trees, first right and then broken in one way.

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- 1. Helpers -------------------------------------------------------------

// Runs shell commands in the test's folder, whose name they, and what is run
// later, find in $HERE; they must succeed.
static void shell(const char *commands) {
    setenv("HERE", scratch_path("").text, 1);
    ck_assert_msg(system(commands) == 0, "failed: %s", commands);
}

static void assert_ended(const Run *run, int status, const char *text) {
    ck_assert_msg(run->status == status, "status %d, not %d: %s", run->status,
                  status, run->output);
    assert_says(run->output, text);
}

// ---- 2. fetch.sh ------------------------------------------------------------

// Whether curl is here, which `make deps` calls useful, not needed.
static bool can_fetch(const char *test) {
    if (system("command -v curl >/dev/null") == 0)
        return true;
    skip_test(test, "no curl here");
    return false;
}

// Fetches into the folder "got" from mirror, a folder beside it. A proxy that
// does not exist keeps the other mirrors out of the test.
static Run fetch_from(const char *mirror) {
    Path path = scratch_path(mirror);
    char url[3 * sizeof path.text + 8] = "file://";
    for (const char *c = path.text; *c != '\0'; c++)
        snprintf(url + strlen(url), 4, *c == ' ' ? "%%20" : "%c", *c);
    setenv("MNIST_MIRROR", url, 1);
    setenv("https_proxy", "http://127.0.0.1:9", 1);
    shell("mkdir -p got");
    return run_program("tests/fetch.sh mnist got");
}

// The mirror "gzipped", made of the real files. False if they are not here.
static bool make_mirror(const char *test) {
    const char *real = can_fetch(test) ? mnist_dir_or_skip(test) : NULL;
    if (real == NULL)
        return false;
    setenv("REAL", real, 1);
    shell("mkdir gzipped && cp \"$REAL\"/*-ubyte* gzipped && cd gzipped && "
          "chmod u+w * && for f in *-ubyte; do "
          "if [ -f \"$f\" ]; then gzip \"$f\"; fi; done");
    return true;
}

// Four files of the right size under their final names, and nothing else.
static const char is_whole[] = "test $(ls -A got | wc -l) -eq 4 && "
                               "cat got/*-ubyte | wc -c | grep -qw 54950048";

START_TEST(mnist_comes_from_a_gzipped_mirror) {
    if (!make_mirror("mnist_comes_from_a_gzipped_mirror"))
        return;
    Run run = fetch_from("gzipped");
    assert_ended(&run, 0, "all four files are in");
    shell(is_whole);
    shell("mv gzipped gone"); // what is there already needs no mirror
    run = fetch_from("gzipped");
    assert_ended(&run, 0, "already");
}
END_TEST

START_TEST(mnist_comes_from_a_plain_mirror) {
    if (!make_mirror("mnist_comes_from_a_plain_mirror"))
        return;
    shell("gunzip gzipped/*.gz && mv gzipped plain");
    Run run = fetch_from("plain");
    assert_ended(&run, 0, "all four files are in");
    shell(is_whole);
}
END_TEST

// One part is the beginning of the right file, one of another, one too long;
// one file bears its final name and is wrong.
START_TEST(mnist_goes_on_from_what_is_there) {
    if (!make_mirror("mnist_goes_on_from_what_is_there"))
        return;
    shell("mkdir got && f=train-images-idx3-ubyte.gz && "
          "head -c 100000 gzipped/$f >got/$f.part && "
          "echo junk >got/t10k-images-idx3-ubyte.gz.part && "
          "head -c 100000 /dev/zero >got/t10k-labels-idx1-ubyte.gz.part && "
          "echo junk >got/train-labels-idx1-ubyte");
    Run run = fetch_from("gzipped");
    assert_ended(&run, 0, "all four files are in");
    shell(is_whole);
}
END_TEST

// One byte in the middle of one file is another.
START_TEST(mnist_refuses_a_corrupted_mirror) {
    if (!make_mirror("mnist_refuses_a_corrupted_mirror"))
        return;
    shell("gunzip gzipped/t10k-labels-idx1-ubyte.gz && printf '\\377' | "
          "dd of=gzipped/t10k-labels-idx1-ubyte bs=1 seek=5000 "
          "conv=notrunc 2>/dev/null");
    Run run = fetch_from("gzipped");
    assert_ended(&run, 1, "does not have the right SHA-256");
    assert_ended(&run, 1, "could not fetch: t10k-labels-idx1-ubyte");
    assert_ended(&run, 1, "synthetic");
    shell("test \"$(ls -A got | tr '\\n' ' ')\" = "
          "'t10k-images-idx3-ubyte train-images-idx3-ubyte "
          "train-labels-idx1-ubyte '");
}
END_TEST

START_TEST(mnist_keeps_nothing_of_a_wrong_mirror) {
    if (!can_fetch("mnist_keeps_nothing_of_a_wrong_mirror"))
        return;
    shell("mkdir wrong && for f in train t10k; do "
          "echo page >wrong/$f-images-idx3-ubyte.gz; "
          "echo page | gzip >wrong/$f-labels-idx1-ubyte.gz; done");
    Run run = fetch_from("wrong");
    assert_ended(&run, 1, "does not have the right SHA-256");
    shell("test -z \"$(ls -A got)\"");
}
END_TEST

// Files of 200 MB, and a gzipped one that unpacks to 300 MB:
// refused, and nothing of them is left.
START_TEST(mnist_survives_a_hostile_mirror) {
    if (!can_fetch("mnist_survives_a_hostile_mirror"))
        return;
    shell("mkdir huge && for f in train-images-idx3 train-labels-idx1 "
          "t10k-images-idx3 t10k-labels-idx1; do "
          "dd if=/dev/zero of=huge/$f-ubyte bs=1 count=1 seek=200000000 "
          "2>/dev/null; done && "
          "head -c 300000000 /dev/zero | gzip -1 "
          ">huge/t10k-labels-idx1-ubyte.gz");
    Run run = fetch_from("huge");
    assert_ended(&run, 1, "is larger than any of the files: refused");
    assert_ended(&run, 1, "t10k-labels-idx1-ubyte.gz does not have the right");
    shell("test -z \"$(ls -A got)\"");
}
END_TEST

// A part that is a link would be written through.
START_TEST(mnist_follows_no_link) {
    if (!can_fetch("mnist_follows_no_link"))
        return;
    shell("mkdir wrong got && echo precious >victim && "
          "ln -s ../victim got/train-images-idx3-ubyte.gz.part");
    Run run = fetch_from("wrong");
    assert_ended(&run, 1, "could not fetch");
    shell("test \"$(cat victim)\" = precious");
}
END_TEST

START_TEST(fashion_is_fetched_with_its_names) {
    if (!can_fetch("fashion_is_fetched_with_its_names"))
        return;
    Run run = run_program("tests/fetch.sh clothes got");
    assert_ended(&run, 2, "mnist or fashion");
    shell("mkdir -p wrong");
    setenv("FASHION_MIRROR", "file:///nowhere", 1);
    setenv("https_proxy", "http://127.0.0.1:9", 1);
    run = run_program("tests/fetch.sh fashion got");
    shell("test $(wc -l <got/classes.txt) -eq 10 && "
          "test \"$(sed -n 8p got/classes.txt)\" = sneaker");
}
END_TEST

// ---- 3. deps.sh and links.sh -----------------------------------------------

// A machine that has a shell, one package manager, and nothing that is needed.
START_TEST(deps_come_from_any_manager) {
    const struct {
        const char *manager, *says;
    } cases[] = {
        {"apt-get", "apt-get install -y --no-install-recommends gcc libc6-dev "
                    "make pkg-config zlib1g-dev libpng-dev libjpeg-dev check "
                    "gnuplot-nox curl ca-certificates\n"},
        {"dnf", "+ dnf install -y gcc glibc-devel make pkgconf-pkg-config "
                "zlib-devel libpng-devel libjpeg-turbo-devel check-devel "
                "gnuplot curl\n"},
        {"pacman", "+ pacman -S --needed --noconfirm gcc make pkgconf zlib "
                   "libpng libjpeg-turbo check gnuplot curl\n"},
        {"zypper", "+ zypper --non-interactive install gcc make pkg-config "
                   "zlib-devel libpng16-devel libpng16-compat-devel "
                   "libjpeg8-devel check-devel "
                   "gnuplot curl\n"},
        {"apk", "+ apk add gcc musl-dev make pkgconf zlib-dev libpng-dev "
                "libjpeg-turbo-dev check-dev gnuplot curl\n"},
        {"brew", "+ brew install gcc make pkgconf zlib libpng jpeg-turbo check "
                 "gnuplot curl\n"},
    };
    setenv("DEPS", project_path("tests/deps.sh").text, 1);
    shell("mkdir bin && for tool in bash cut grep tr paste mktemp rm env cat; "
          "do ln -s \"$(command -v $tool)\" bin; done; "
          "printf '#!/bin/sh\\necho 0\\n' >bin/id; "
          "printf '#!/bin/sh\\necho Linux\\n' >bin/uname; "
          "printf '#!/bin/sh\\n[ $# -lt 4 ]\\n' >bin/manager; "
          "chmod +x bin/id bin/uname bin/manager");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[1100];
        snprintf(command, sizeof command, "mv bin/manager bin/%s",
                 cases[i].manager);
        shell(command);
        Run run = run_program("/usr/bin/env -u CC PATH=bin bash \"$DEPS\"");
        assert_ended(&run, 1, cases[i].says);
        assert_ended(&run, 1, " curl\n"); // all failed: each by itself
        assert_ended(&run, 1, "still missing and needed to build: compiler ");
        snprintf(command, sizeof command, "mv bin/%s bin/manager",
                 cases[i].manager);
        shell(command);
    }
    Run run = run_program("/usr/bin/env -u CC PATH=bin bash \"$DEPS\"");
    assert_ended(&run, 1, "found none of apt-get dnf pacman zypper apk brew;");
}
END_TEST

// A tree with a program and an object that were built, and a data set.
START_TEST(links_leave_out_what_was_built) {
    setenv("LINKS", project_path("tests/links.sh").text, 1);
    shell("mkdir -p 'a b/ch01_x' 'a b/build/x' 'a b/data/mnist' 'a b/out' && "
          "cd 'a b' && touch Makefile .clang-format ch01_x/x.c x && "
          "chmod +x x && cd .. && \"$LINKS\" \"$PWD/a b\" c/d && "
          "touch c/d/new && \"$LINKS\" \"$PWD/a b\" c/d && " // again
          "test \"$(cd c/d && ls -A | sort | tr '\\n' ' ')\" = "
          "'.clang-format Makefile ch01_x data new ' && "
          "test c/d/ch01_x/x.c -ef 'a b/ch01_x/x.c' && "
          "test -L c/d/data/mnist && test ! -L c/d/data && "
          "mkdir full && touch full/Makefile");
    Run run = run_program("/usr/bin/env \"$LINKS\" \"$PWD/a b\" full");
    assert_ended(&run, 1, "full holds other things");
    shell("test \"$(ls -A full)\" = Makefile");
}
END_TEST

// ---- 4. check_docs.sh ------------------------------------------------------

static Run run_lectures(const char *what) {
    return run_program("tests/lectures.sh -C \"$HERE\" %s", what);
}

static void write_documented_tree(void) {
    shell("rm -rf common ch07_lstm tests texts && "
          "mkdir -p common ch07_lstm tests/lectures tests/ch07 texts");
    write_text("texts/A.txt", "# Chapter\n$$c = f \\odot c + i$$\n");
    write_text("tests/lectures/A.tsv",
               "# Chapter\n"
               "eq.13\t2\tequation\tc = f \\odot c + i\tc = f ∘ c + i\t\t"
               "ch07_lstm/lstm.c:step\ttests/ch07/test_lstm.c:step_is_right\t"
               "shown\t\n"
               "eq.13 sign\t2\tclaim\t+ i\ta sum\t\tch07_lstm/\t\terratum\t"
               "It is a sum.\n");
    write_text("tests/ch07/test_lstm.c",
               "START_TEST(step_is_right) {\n{step_is_right}\n");
    write_text("common/README.md", "# Common\n");
    write_text("ch07_lstm/lstm.c", "// Source: A, gates.\n"
                                   "// [A eq.13] c = f * c + i\n"
                                   "int step(void) {\n");
    write_text("ch07_lstm/README.md",
               "See [the code](lstm.c#L1) and [a site](https://x.org).\n"
               "| program | idea |\n|---|---|\n| `lstm` | gates |\n\n"
               "<!-- lectures: equations -->\n<!-- lectures: end -->\n"
               "<!-- lectures: errata -->\n<!-- lectures: end -->\n");
    Run run = run_lectures("docs");
    assert_ended(&run, 0, "made: ch07_lstm/README.md");
}

// Changes the right tree by shell commands; check_docs.sh must say text.
static void assert_documents(const char *change, int status, const char *text) {
    write_documented_tree();
    shell(change);
    setenv("LECTURES", scratch_path("texts").text, 1);
    Run run = run_program("tests/check_docs.sh \"$HERE\"");
    assert_ended(&run, status, text);
}

START_TEST(docs_that_agree_pass) {
    assert_documents("true", 0, "1 programs agree; quotations compared");
    assert_documents(
        "grep -qF '| `[A eq.13]` | c = f ∘ c + i | `step` | "
        "`lstm.c` |' ch07_lstm/README.md && grep -qF "
        "-e '- **A**, *eq.13 sign*: It is a sum.' ch07_lstm/README.md",
        0, "agree");
    assert_documents("echo '`[x](y)`' >>common/README.md", 0, "agree");
    // a reader's copy of a program, with words that no lecture has
    assert_documents("cp ch07_lstm/lstm.c ch07_lstm/my_lstm.c && "
                     "echo '// [A eq.99] 自己的网络' >>ch07_lstm/my_lstm.c",
                     0, "1 programs agree; quotations compared");
}
END_TEST

START_TEST(docs_that_disagree_are_listed) {
    const char *rows = "tests/lectures/A.tsv";
    const struct {
        const char *change, *says;
    } wrong[] = {
        {"echo '// [B decay] w' >>ch07_lstm/lstm.c",
         "lstm.c:4: [B decay] is in no lecture's rows"},
        {"echo '// [Glorot 2010] w' >>common/a.c",
         "common/a.c:1: [Glorot 2010] is in no lecture's rows"},
        {"echo '// [A eq.13] w' >>common/a.c",
         "common/a.c:1: the row of [A eq.13] does not name common/a.c"},
        {"echo '// as in [A' >>common/a.c", "common/a.c:1: a tag is torn"},
        {"sed -i.old 's/Source: A/Source: A, D/' ch07_lstm/lstm.c",
         "lstm.c: its banner names lecture D"},
        {"sed -i.old '/eq.13]/d' ch07_lstm/lstm.c",
         "no comment // [A eq.13] in ch07_lstm/lstm.c"},
        {"sed -i.old 's/∘ c + i |/∘ c - i |/' ch07_lstm/README.md",
         "ch07_lstm/README.md has, and the rows do not"},
        {"sed -i.old 's/f ∘ c + i/f ∘ c - i/' ROWS",
         "A.tsv:2: [A eq.13]: printed c=fc+i, plain c=fc-i"},
        {"sed -i.old 's/f .odot c/g \\\\odot c/' ROWS",
         "A.tsv:2: [A eq.13]: lines 2 do not print c = g"},
        {"sed -i.old 's/eq.13\t2/eq.13\t1/' ROWS",
         "lines 1 do not print c = f"},
        {"sed -i.old 's/:step\t/:stop\t/' ROWS", "no stop in ch07_lstm/lstm.c"},
        {"sed -i.old 's/step_is_right/it_is/' ROWS",
         "no test it_is in tests/ch07/test_lstm.c"},
        {"sed -i.old 's/shown/almost/' ROWS", "no such state: almost"},
        {"sed -i.old 's/It is a sum.//' ROWS", "erratum, but no note says why"},
        {"echo '// see [A eq.99]' >>common/a.c",
         "common/a.c:1: [A eq.99] is in no lecture's rows"},
        {"sed -i.old 's/lectures: end/lecture: end/' ch07_lstm/README.md",
         "a section without an end"},
        {"sed -i.old 's/{step_is_right}//' tests/ch07/test_lstm.c",
         "does not run step_is_right"},
        {"sed -i.old 's/:step\t/\t/' ROWS", "no file:function"},
        {"sed -i.old '/^eq.13\t/d' ROWS",
         "A.txt:2: a formula that no row cites"},
        {"echo 'x 不在' >>common/README.md",
         "common/README.md:2: 不在 is in no lecture"},
        {"touch ch07_lstm/gru.c", "gru.c: the program has no row"},
        {"rm ch07_lstm/README.md", "README.md is missing"},
        {"echo '[x](no.md)' >>common/README.md",
         "README.md:2: the link to no.md leads nowhere"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char change[256];
        const char *at = strstr(wrong[i].change, "ROWS");
        snprintf(change, sizeof change, "%.*s%s",
                 at ? (int)(at - wrong[i].change)
                    : (int)strlen(wrong[i].change),
                 wrong[i].change, at ? rows : "");
        assert_documents(change, 1, wrong[i].says);
    }
}
END_TEST

START_TEST(a_lecture_in_slide_order) {
    write_documented_tree();
    Run run = run_lectures("page A");
    assert_ended(&run, 0, "\nChapter\n    2  eq.13");
    assert_ended(&run, 0, "c = f ∘ c + i\n");
    assert_ended(&run, 0, "./lstm: step\n");
    assert_ended(&run, 0, "erratum: It is a sum.\n");
    shell("grep -q 'lstm.c#L3\"><code>step<' out/lecture_A.html");
    run = run_lectures("count");
    assert_ended(&run, 0, "A             2          1          0          1");
    run = run_lectures("page E");
    assert_ended(&run, 2, "there is no lecture 'E'");
}
END_TEST

// ---- 5. run.sh --------------------------------------------------------------

// Makes an executable shell script that prints and exits so.
static void write_script(const char *name, const char *text) {
    write_text(name, text);
    char command[256];
    snprintf(command, sizeof command, "chmod +x '%s'", name);
    shell(command);
}

static Run run_runner(const char *name) {
    return run_program("tests/run.sh \"$HERE\"/%s", name);
}

// What a test binary begins with: its runner reads the secret word, and tells
// run.sh "NUMBER VERDICT SECONDS NAME PLACE MESSAGE" on descriptor 3.
#define TELLS                                                                  \
    "#!/bin/sh\nread word\ntell() { echo \"$word $*\" >&3; }\n"                \
    "tell 1 failed 0 one x.c:1 not run; tell 2 failed 0 two x.c:2 not run\n"

START_TEST(runner_adds_up) {
    write_script("good", TELLS "tell 1 passed 0.1 one x.c:1\n"
                               "tell 2 skipped 0 two x.c:2 no data\n");
    Run run = run_runner("good");
    assert_ended(&run, 0, "    skip: two: no data\n");
    assert_ended(&run, 0, "\n1 passed, 0 failed, 1 skipped\n");
    write_script("bad", TELLS "tell 1 passed 0.1 one x.c:1\n"
                              "tell 2 failed 0 two x.c:2 1 is not 2\n"
                              "echo 'because of this'; exit 1\n");
    run = run_runner("bad");
    assert_ended(&run, 1, "    failed: two, x.c:2\n        1 is not 2\n");
    assert_ended(&run, 1, "    because of this\n");
    assert_ended(&run, 1, "\n1 passed, 1 failed\n");
}
END_TEST

START_TEST(runner_counts_crashes_and_idle_runs) {
    write_script("crash", TELLS "tell 1 passed 0.1 one x.c:1\nkill -9 $$\n");
    Run run = run_runner("crash");
    assert_ended(&run, 1, "    failed: two, x.c:2\n        not run\n");
    assert_ended(&run, 1, "\n1 passed, 1 failed\n");
    write_script("idle", "#!/bin/sh\n");
    run = run_runner("idle");
    assert_ended(&run, 1,
                 "idle\n        ended with status 0, no test was run\n");
    assert_ended(&run, 1, "\n0 passed, 1 failed\n");
    write_script("leaks", TELLS "tell 1 passed 0.1 one x.c:1\n"
                                "tell 2 passed 0.1 two x.c:2\nexit 23\n");
    run = run_runner("leaks");
    assert_ended(&run, 1,
                 "leaks\n        ended with status 23 after its tests\n");
    assert_ended(&run, 1, "\n2 passed, 1 failed\n");
    run = run_runner("missing");
    assert_ended(&run, 1, "missing\n        there is no such test\n");
    assert_ended(&run, 1, "\n0 passed, 1 failed\n");
    run = run_program("tests/run.sh");
    assert_ended(&run, 1, "0 passed, 1 failed\n");
}
END_TEST

// Without the word nothing counts, whether printed or told.
START_TEST(runner_believes_the_word_only) {
    write_script("forger",
                 TELLS "tell 2 passed 0.1 two x.c:2\n"
                       "echo '100%: Checks: 9, Failures: 0, Errors: 0'\n"
                       "echo '1000 passed, 0 failed'\n"
                       "echo '1 passed 0.1 one x.c:1' >&3\n"
                       "echo 'word 1 passed 0.1 one x.c:1' >&3\n");
    Run run = run_runner("forger");
    assert_ended(&run, 1, "\n1 passed, 1 failed\n");
}
END_TEST

// The second one ends first; the reports keep the order.
START_TEST(runner_keeps_the_order) {
    write_script("slow", TELLS "while [ ! -e \"$DONE\" ]; do :; done\n"
                               "tell 1 passed 0 one x.c:1\n"
                               "tell 2 passed 0 two x.c:2\n");
    write_script("fast", TELLS ": >\"$DONE\"\ntell 1 passed 0 one x.c:1\n"
                               "tell 2 passed 0 two x.c:2\n");
    setenv("DONE", scratch_path("done").text, 1);
    setenv("JOBS", "2", 1);
    Run run = run_program("tests/run.sh \"$HERE\"/slow \"$HERE\"/fast");
    assert_ended(&run, 0, "\n4 passed, 0 failed\n");
    const char *slow = strstr(run.output, "slow ");
    const char *fast = strstr(run.output, "fast ");
    ck_assert(slow != NULL && fast != NULL && slow < fast);
}
END_TEST

START_TEST(results_become_xml) {
    write_script("odd & <even>",
                 TELLS "tell 1 passed 0.25 one x.c:1\n"
                       "tell 2 failed 0 two x.c:2 '\"a\" < b && c > ]]> 逻辑'\n"
                       "tell 3 skipped 0 three x.c:3 no data\n");
    setenv("JUNIT", scratch_path("x.xml").text, 1);
    Run run = run_runner("odd\\ \\&\\ \\<even\\>");
    assert_ended(&run, 1, "\n1 passed, 1 failed, 1 skipped\n");
    const char *xml = text_of("x.xml");
    assert_says(xml, "name=\"one\" time=\"0.25\"></testcase>");
    assert_says(xml, "<failure message=\"&quot;a&quot; &lt; b &amp;&amp; c > "
                     "]]> 逻辑\" type=\"x.c:2\"/></testcase>\n");
    assert_says(xml, "<skipped message=\"no data\"");
    shell("command -v python3 >/dev/null || exit 0; python3 -c '"
          "import xml.etree.ElementTree as tree; "
          "suites = tree.parse(\"x.xml\").getroot(); "
          "assert len(suites.findall(\"testsuite/testcase\")) == 3; "
          "assert suites.find(\".//failure\").get(\"type\") == \"x.c:2\"'");
    setenv("JUNIT", scratch_path("none/x.xml").text, 1);
    write_script("good", TELLS "tell 1 passed 0 one x.c:1\n"
                               "tell 2 passed 0 two x.c:2\n");
    run = run_runner("good");
    assert_ended(&run, 1, "\n2 passed, 1 failed\n");
}
END_TEST

// ---- 6. make test -----------------------------------------------------------

// A tree with two programs and their tests, and as much of the library as the
// runner needs. It is compiled as fast as can be.
static void make_tree(void) {
    setenv("ROOT", project_path("").text, 1);
    unsetenv("MAKEFLAGS"); // of the make that runs this test
    unsetenv("P");
    unsetenv("CH");
    unsetenv("CONFIG");
    unsetenv("JUNIT");
    unsetenv("CI"); // a main that is renamed lacks its return: a warning
    unsetenv("CK_RUN_CASE");
    shell(
        "mkdir -p common tests ch01_x tests/ch01 && "
        "cp \"$ROOT\"/Makefile . && cd \"$ROOT\" && cp "
        "tests/testing.[ch] tests/messages.[ch] tests/run.sh "
        "tests/under_test.sh \"$OLDPWD\"/tests && cp common/error.h "
        "common/gradcheck.h \"$OLDPWD\"/common && cd \"$OLDPWD\" && printf "
        "'#include <stdlib.h>\\n"
        "#include \"error.h\"\\nvoid require_failed(const char *file, "
        "int line, const char *condition, const char *format, ...) { abort(); "
        "}\\n' >common/error.c && "
        "for x in a b; do "
        "printf '#include <stdio.h>\\nstatic int f(void) { return 1; }\\n"
        "int main(void) { printf(\"%%d\\\\n\", f()); }\\n' >ch01_x/$x.c && "
        "printf '#define main %s_main\\n#include \"ch01_x/%s.c\"\\n"
        "#undef main\\n#include \"testing.h\"\\n"
        "START_TEST(f_is_1) { ck_assert_int_eq(f(), 1); } END_TEST\\n"
        "START_TEST(runs) { ck_assert_str_eq(run_program(\"%s\").output, "
        "\"1\\\\n\"); } END_TEST\\n"
        "int main(void) {\\n    const Test tests[] = {{f_is_1}, {runs}};\\n"
        "    return run_tests(\"%s\", tests, 2);\\n}\\n' "
        "$x $x $x $x >tests/ch01/test_$x.c || exit; done");
}

// Changes the tree and runs `make test` with these variables.
static void assert_make(const char *change, const char *variables, int status,
                        const char *text) {
    shell(change);
    Run run = run_program("/usr/bin/env make -C \"$HERE\" test CFLAGS=-O0 %s",
                          variables);
    assert_ended(&run, status, text);
}

START_TEST(one_program_can_be_tested) {
    make_tree();
    assert_make("true", "P=b", 0, "\n2 passed, 0 failed\n");
    shell("test -e b && test ! -e a");
    assert_make("true", "P='a b'", 0, "\n4 passed, 0 failed\n");
    assert_make("true", "P='a c'", 2, "no tests of c: `make help` lists");
    assert_make("true", "P=a CH=02", 2, "no tests of a");
    assert_make("sed -i.old 's/return 1/return 2/' ch01_x/a.c", "P=a", 2,
                "    failed: f_is_1, tests/ch01/test_a.c:5\n"
                "        f() is 2, not 1\n"
                "        about the program, ch01_x/a.c\n");
}
END_TEST

// A check that fails in a helper, which is called twice; the functions of the
// program, with the line of their source, and what they call.
START_TEST(a_failed_test_says_what_it_is_about) {
    const char *const source = "// [C add node] z = x + y\n"
                               "static double add(double x, double y) {\n"
                               "    return x - y;\n}\n\n"
                               "static double sum(void) {\n"
                               "    return add(1, 2);\n}\n";
    const char *const test = "#include \"ch01_x/a.c\"\n"
                             "static void check(double x) {\n"
                             "    ck_assert(x == 3);\n}\n"
                             "START_TEST(three) {\n"
                             "    check(3);\n"
                             "    check(sum());\n}\n";
    setenv("ROOT", project_path("").text, 1);
    shell("mkdir -p tests/ch01 ch01_x && "
          "cp \"$ROOT\"/tests/under_test.sh tests");
    write_script("ch01_x/a.c", source);
    write_script("tests/ch01/test_a.c", test);
    Run run = run_program("/usr/bin/env bash tests/under_test.sh "
                          "tests/ch01/test_a.c three 3");
    ck_assert_str_eq(run.output,
                     "that is in check, called from line 6 or 7\n"
                     "about sum, ch01_x/a.c:6\n"
                     "about add, ch01_x/a.c:2: [C add node] z = x + y\n");
}
END_TEST

START_TEST(what_does_not_compile_stops_nothing_else) {
    make_tree();
    assert_make("true", "CH=01", 0, "\n4 passed, 0 failed\n");
    assert_make(
        "cp ch01_x/a.c . && echo 'int x = ;' >>ch01_x/a.c", "CH=01", 2,
        "    failed: test_a\n        does not compile: ch01_x/a.c:4:9: error:");
    assert_make("true", "", 2, "\n2 passed, 1 failed\n");
    // main's test does not need main
    assert_make("sed 's/main/start/' a.c >ch01_x/a.c", "", 2,
                "    failed: test_a\n        does not link: ");
    assert_make("true", "P=b", 0, "\n2 passed, 0 failed\n");
    assert_make("cp a.c ch01_x; echo 'int x = ;' >>common/error.c", "", 2,
                "\n0 passed, 2 failed\n");
}
END_TEST

START_TEST(no_code_runs_in_the_runner) {
    make_tree();
    if (system("command -v readelf >/dev/null") != 0) {
        skip_test("no_code_runs_in_the_runner", "no readelf here");
        return;
    }
    assert_make(
        "cp ch01_x/a.c . && echo '__attribute__((constructor)) "
        "static void early(void) { puts(\"1000 passed\"); }' "
        ">>ch01_x/a.c",
        "P=a", 2,
        "    failed: test_a\n        has code that runs before or after main: "
        ".init_array");
    assert_make(
        "cp a.c ch01_x; echo 'int getpid(void) { return 1; }' "
        ">>ch01_x/a.c",
        "P=a", 2,
        "    failed: test_a\n        replaces getpid, which the runner calls");
}
END_TEST

// ---- 7. smoke.sh ------------------------------------------------------------

static const char program[] =
    "#!/bin/sh\ncase $1 in\n--help) echo 'usage: x [--epochs N]'; exit 0 ;;\n"
    "--no-such-flag) exit 2 ;;\n'--epochs') echo 'result: x=1' ;;\n"
    "*) exit 9 ;;\nesac\n";

// smoke.sh looks for programs one folder above itself, so it gets a copy.
static void assert_smoke(const char *change, int status, const char *text) {
    write_script("x", program);
    shell("mkdir -p tests && cp -f \"$SMOKE\" tests/smoke.sh");
    shell(change);
    Run run = run_program("/usr/bin/env \"$HERE\"/tests/smoke.sh x");
    assert_ended(&run, status, text);
}

START_TEST(smoke_sees_what_is_wrong) {
    setenv("SMOKE", project_path("tests/smoke.sh").text, 1);
    assert_smoke("true", 0, "\n1 passed, 0 failed");
    assert_smoke("sed -i.old 's/exit 2/exit 1/' x", 1, "exits with 1, not 2");
    assert_smoke("sed -i.old 's/exit 0/exit 3/' x", 1, "exits with 3, not 0");
    assert_smoke("sed -i.old 's/result: /end: /' x", 1, "does not start with");
    assert_smoke("sed -i.old \"s/usage/$(printf '%80s' x)/\" x", 1,
                 "80 columns");
    assert_smoke("sed -i.old 's/;;$/; exit 4 &/' x", 1, "exits with 4, not 0");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {mnist_comes_from_a_gzipped_mirror, .seconds = 40},
        {mnist_comes_from_a_plain_mirror, .seconds = 40},
        {mnist_goes_on_from_what_is_there, .seconds = 40},
        {mnist_refuses_a_corrupted_mirror, .seconds = 60},
        {mnist_survives_a_hostile_mirror, .seconds = 100},
        {mnist_follows_no_link},
        {fashion_is_fetched_with_its_names},
        {deps_come_from_any_manager, .seconds = 40},
        {links_leave_out_what_was_built},
        {mnist_keeps_nothing_of_a_wrong_mirror},
        {docs_that_agree_pass, .seconds = 20},
        {docs_that_disagree_are_listed, .seconds = 150},
        {a_lecture_in_slide_order},
        {runner_adds_up},
        {runner_counts_crashes_and_idle_runs, .seconds = 20},
        {runner_believes_the_word_only},
        {runner_keeps_the_order},
        {results_become_xml},
        {one_program_can_be_tested, .seconds = 60},
        {a_failed_test_says_what_it_is_about},
        {what_does_not_compile_stops_nothing_else, .seconds = 100},
        {no_code_runs_in_the_runner, .seconds = 60},
        {smoke_sees_what_is_wrong, .seconds = 20},
    };
    return run_tests("scripts", tests, sizeof tests / sizeof *tests);
}
