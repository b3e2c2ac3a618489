// test_figure.c - what lies on disk after a figure, what it says, and what is
// said if it fails.

#include "figure.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figure_draw.h"
#include "figures.h"
#include "run.h"
#include "tables.h"
#include "testing.h"

// A file's contents; empty if it cannot be read.
typedef struct {
    char text[65536];
    size_t size;
} Contents;

static Contents contents_of(const char *path) {
    Contents c = {"", 0};
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        c.size = fread(c.text, 1, sizeof c.text - 1, file);
        fclose(file);
    }
    return c;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

static int count(const char *text, const char *part) {
    int n = 0;
    while ((text = strstr(text, part)) != NULL)
        n++, text += strlen(part);
    return n;
}

// How many files there are, hidden ones included.
static int files_in(const char *folder) {
    int n = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n +=
            strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return n;
}

// Says so and returns true if there is no gnuplot to test with.
static bool skip_without_gnuplot(const char *test) {
    if (system("gnuplot --version > gnuplot.txt 2>&1") == 0)
        return false;
    skip_test(test, "no gnuplot (run `make deps`)");
    return true;
}

// The figure that most tests draw: two losses over five epochs.
static void draw(const char *name, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", name, format))
        return;
    figure_title(&f, "Both fall & %d %% is left", 20);
    figure_caption(&f, "It's <a> test.");
    figure_table(&f, "epoch,training loss,test loss");
    for (int e = 1; e <= 5; e++)
        figure_row(&f, e, 1.0f / (float)e, 0.2 + 1.0 / e);
    figure_x(&f, "epoch");
    figure_y(&f, "loss");
    figure_lines(&f, 1, 2, "training");
    figure_lines(&f, 1, 3, "test, %s", "η = 1");
    figure_vertical(&f, 3, "here");
    figure_close(&f);
}

static void draw_svg(void) {
    draw("loss", "svg");
}

// ---- 1. What is written -----------------------------------------------------

START_TEST(four_files_are_left) {
    if (skip_without_gnuplot("four_files_are_left"))
        return;
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "chart: out/ch06/loss.svg\n");
    ck_assert_int_eq(files_in("out/ch06"), 4);
    ck_assert_str_eq(contents_of("out/ch06/loss.csv").text,
                     "epoch,training loss,test loss\n"
                     "1,1,1.2\n"
                     "2,0.5,0.7\n"
                     "3,0.3333333,0.5333333\n"
                     "4,0.25,0.45\n"
                     "5,0.2,0.4\n");
    ck_assert_str_eq(contents_of("out/ch06/loss.fig").text,
                     "title\t\tBoth fall & %d %% is left\t20\n"
                     "caption\t\tIt's <a> test.\n"
                     "label\taxis=x\tepoch\n"
                     "label\taxis=y\tloss\n"
                     "lines\ttable=0 x=1 y=2\ttraining\n"
                     "lines\ttable=0 x=1 y=3\ttest, %s\tη = 1\n"
                     "vertical\tat=3\there\n");
    Contents gp = contents_of("out/ch06/loss.gp");
    ck_assert_int_eq(count(gp.text, "set terminal svg"), 1);
    assert_says(gp.text, "set encoding utf8\n");
    assert_says(gp.text, "'Both fall & 20 % is left'");
    assert_says(gp.text, "DATA index 0 using 1:3 with lines");
}
END_TEST

// A browser shows the title as a tip, a screen reader reads the description:
// the caption, and what each curve does.
START_TEST(svg_describes_itself) {
    if (skip_without_gnuplot("svg_describes_itself"))
        return;
    run_function(draw_svg);
    Contents svg = contents_of("out/ch06/loss.svg");
    assert_says(svg.text, "<title>Both fall &amp; 20 % is left</title>");
    assert_says(svg.text, "<desc>It's &lt;a> test.\ntraining falls from 1 to "
                          "0.2. test, η = 1 falls from 1.2 to 0.4. </desc>");
    assert_never_says(svg.text, "Produced by GNUPLOT");
    ck_assert_int_eq(count(svg.text, "<title>"), 1); // none at each curve
    assert_says(svg.text, "<text>test, η = 1</text>");
    assert_says(svg.text, "</svg>");
}
END_TEST

START_TEST(script_reruns_by_hand) {
    if (skip_without_gnuplot("script_reruns_by_hand"))
        return;
    run_function(draw_svg);
    ck_assert_int_eq(remove("out/ch06/loss.svg"), 0);
    ck_assert_int_eq(system("cd out/ch06 && gnuplot loss.gp"), 0);
    ck_assert(exists("out/ch06/loss.svg"));
}
END_TEST

START_TEST(cells_without_a_number_stay_empty) {
    hide_gnuplot();
    Figure f;
    ck_assert(figure_open(&f, "ch06", "gaps", "svg"));
    figure_title(&f, "Gaps");
    figure_caption(&f, "None.");
    figure_table(&f, "a,b,c");
    figure_row(&f, NAN, 1e-30, INFINITY);
    figure_row(&f, -123456789L, -INFINITY, 0.1f);
    figure_gap(&f);
    figure_row(&f, 0);
    figure_table(&f, "d");
    figure_row(&f, true);
    figure_close(&f);
    ck_assert_str_eq(contents_of("out/ch06/gaps.csv").text,
                     "a,b,c\n,1e-30,\n-1.234568e+08,,0.1\n\n0\n"
                     "\n\nd\n1\n");
}
END_TEST

// Every kind of mark, each in a panel of its own: gnuplot understands them all.
static void draw_all_marks(void) {
    Figure f;
    if (!figure_open(&f, "ch06", "marks", "svg"))
        return;
    figure_title(&f, "Every kind of mark");
    figure_caption(&f, "One in each panel.");
    for (int i = 0; i < 18; i++) {
        figure_panel(&f, "mark %d, isn't it", i);
        figure_table(&f, "x,y,z,k");
        for (int n = 0; n < 9; n++)
            figure_row(&f, n / 3, n % 3, n + 1, n % 2);
        figure_tick(&f, i % 2 ? 'x' : 'y', 1, "one");
        if (i % 4 == 1)
            figure_square(&f);
        switch (i) {
        case 0:
            figure_lines(&f, 1, 2, "a");
            break;
        case 1:
            figure_linespoints(&f, 1, 2, "b");
            break;
        case 2:
            figure_steps(&f, 1, 2, "c");
            break;
        case 3:
            figure_points(&f, 1, 2, "d");
            break;
        case 4:
            figure_impulses(&f, 1, 2, "e");
            break;
        case 5:
            figure_answers(&f, 1, 2, 4);
            break;
        case 6:
            figure_band(&f, 1, 2, 3, "f");
            break;
        case 7:
            figure_area(&f, 1, 2, "g");
            break;
        case 8:
            figure_bars(&f, 3, "%.1f", "h");
            break;
        case 9:
            figure_ranks(&f, 3, "%.1f", "i");
            break;
        case 10:
            figure_heat(&f, 1, 2, 3, HEAT_BANDS, 0, 9);
            figure_scale(&f, "z");
            break;
        case 11:
            figure_colored(&f, 1, 2, 3, HEAT_DIVERGING, 0, 9);
            break;
        case 12:
            figure_digits(&f, 1, 2, 3);
            break;
        case 13:
            figure_values(&f, 1, 2, 3, "%.0f", 5);
            break;
        case 14:
            figure_arrows(&f, 1, 2, 4, 4);
            break;
        case 15:
            figure_circles(&f, 1, 2, 0.3);
            break;
        case 16:
            figure_boxes(&f, 1, 2, 0.3);
            break;
        case 17:
            figure_bare(&f);
            figure_horizontal(&f, 1, "level");
            figure_note(&f, 1, 2, 'c', "note");
            break;
        }
    }
    figure_close(&f);
}

START_TEST(gnuplot_draws_every_mark) {
    if (skip_without_gnuplot("gnuplot_draws_every_mark"))
        return;
    Run run = run_function(draw_all_marks);
    ck_assert_str_eq(run.output, "chart: out/ch06/marks.svg\n");
    const char *svg = text_of("out/ch06/marks.svg");
    assert_says(svg, "<text>mark 17, isn't it</text>");
    ck_assert_int_eq(count(svg, "<image "), 1);
    assert_says(svg, "<image image-rendering='pixelated'");
}
END_TEST

// Filled where the answer is 1, open where it is 0.
START_TEST(answers_are_filled_points) {
    hide_gnuplot();
    Figure f;
    ck_assert(figure_open(&f, "ch06", "answers", "svg"));
    figure_title(&f, "Answers");
    figure_caption(&f, "Two.");
    figure_table(&f, "nothing");
    figure_table(&f, "x,y,answer");
    figure_row(&f, 0, 0, 1);
    figure_row(&f, 1, 1, 0);
    figure_answers(&f, 1, 2, 3);
    figure_close(&f);
    const Contents description = contents_of("out/ch06/answers.fig");
    assert_says(description.text, "point=dot size=1.6 column=3 value=1\t\n");
    assert_says(description.text, "point=ring size=1.6 column=3 value=0\t\n");
    const char *script = text_of("out/ch06/answers.gp");
    assert_says(script,
                "DATA index 1 using 1:($3 == 1 ? $2 : NaN) with points lc rgb "
                "'#0072b2' lw 2 dt solid pt 7 ");
    assert_says(script, "using 1:($3 == 0 ? $2 : NaN) with points lc rgb "
                        "'#000000' lw 2 dt (3,3) pt 6 ");
}
END_TEST

// A panel whose data are all missing (a run that diverged) is an empty one.
static void draw_nothing(void) {
    Figure f;
    if (!figure_open(&f, "ch06", "nothing", "svg"))
        return;
    figure_title(&f, "Nothing");
    figure_caption(&f, "None of it was finished.");
    figure_table(&f, "x,y");
    figure_row(&f, 1, NAN);
    figure_log(&f, 'y');
    figure_lines(&f, 1, 2, "lost");
    figure_close(&f);
}

START_TEST(no_data_is_an_empty_panel) {
    if (skip_without_gnuplot("no_data_is_an_empty_panel"))
        return;
    Run run = run_function(draw_nothing);
    ck_assert_str_eq(run.output, "chart: out/ch06/nothing.svg\n");
}
END_TEST

// A film of seven frames, and three of them as stills.
static void draw_film(const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "film", format))
        return;
    figure_title(&f, "It moves");
    figure_caption(&f, "To the right.");
    figure_film(&f, 3);
    for (int frame = 0; frame < 7; frame++) {
        figure_panel(&f, "frame %d", frame);
        figure_table(&f, "x,y");
        figure_row(&f, frame, 10 * frame);
        figure_points(&f, 1, 2, "");
    }
    figure_close(&f);
}

START_TEST(films_have_frames_and_stills) {
    hide_gnuplot();
    draw_film("gif");
    const char *script = text_of("out/ch06/film.gp");
    ck_assert_int_eq(count(script, "\nset multiplot\n"), 7 + 4);
    ck_assert_int_eq(count(script, "# panel 7: frame 6\n"), 1 + 4);
    char range[64]; // that of the first frame, and of all
    ck_assert_int_eq(sscanf(after_text(script, "set xrange "), "%63s", range),
                     1);
    ck_assert_int_eq(count(script, range), 7 + 4);
    draw_film("svg");
    script = text_of("out/ch06/film.gp");
    ck_assert_int_eq(count(script, "\nset multiplot\n"), 1);
    ck_assert_int_eq(count(script, "# panel"), 3);
    assert_says(script, "# panel 1: frame 0\n");
    assert_says(script, "# panel 2: frame 3\n");
    assert_says(script, "# panel 3: frame 6\n");
}
END_TEST

// ---- 2. Formats, themes, languages ------------------------------------------

static void draw_png(void) {
    draw("loss", "png");
}

static void draw_pdf(void) {
    draw("loss", "pdf");
}

static void draw_dumb(void) {
    printf("said before\n");
    draw("loss", "dumb");
    printf("said after\n");
}

START_TEST(png_is_a_png) {
    if (skip_without_gnuplot("png_is_a_png"))
        return;
    Run run = run_function(draw_png);
    ck_assert_str_eq(run.output, "chart: out/ch06/loss.png\n");
    ck_assert_mem_eq(contents_of("out/ch06/loss.png").text, "\x89PNG\r\n\x1a\n",
                     8);
}
END_TEST

START_TEST(pdf_is_a_pdf) {
    if (skip_without_gnuplot("pdf_is_a_pdf"))
        return;
    Run run = run_function(draw_pdf);
    ck_assert_str_eq(run.output, "chart: out/ch06/loss.pdf\n");
    ck_assert_mem_eq(contents_of("out/ch06/loss.pdf").text, "%PDF-", 5);
}
END_TEST

START_TEST(dumb_prints_in_order) {
    if (skip_without_gnuplot("dumb_prints_in_order"))
        return;
    Run run = run_function(draw_dumb);
    ck_assert_ptr_eq(strstr(run.output, "said before\n"), run.output);
    const char *title = strstr(run.output, "Both fall");
    const char *after = strstr(run.output, "\nsaid after\n");
    ck_assert(title != NULL && after != NULL && title < after);
    ck_assert_ptr_null(strchr(run.output, '\f'));
    assert_never_says(run.output, "chart:");
    assert_80_columns(&run);
}
END_TEST

START_TEST(none_leaves_nothing) {
    Figure f;
    ck_assert(!figure_open(&f, "ch06", "loss", "none"));
    ck_assert(!exists("out"));
}
END_TEST

// Drawn again from its files alone: dark, and in Chinese. A value that is a
// name itself is translated; the order of values may change.
START_TEST(is_drawn_again_in_chinese) {
    if (skip_without_gnuplot("is_drawn_again_in_chinese"))
        return;
    run_function(draw_svg);
    write_text("zh.tsv",
               "# English\tChinese\n"
               "training\t训练\n"
               "test, %s\t%1$s 时的测试\n"
               "η = 1\t学习率 1\n"
               "%s falls from %.3g to %.3g.\t从 %2$s 到 %3$s：%1$s。\n"
               "Both fall & %d %% is left\t两者都下降，剩 %d%%\n");
    Translation *chinese = translation_load("zh.tsv");
    ck_assert_ptr_nonnull(chinese);
    Drawing drawing = {.folder = "out/ch06",
                       .name = "loss",
                       .format = "svg",
                       .theme = "dark",
                       .translation = chinese};
    Drawn drawn;
    figure_draw(&drawing, &drawn);
    translation_free(chinese);
    ck_assert(drawn.script && drawn.picture && drawn.error == 0);
    Contents svg = contents_of("out/ch06/loss.svg");
    assert_says(svg.text, "<title>两者都下降，剩 20%</title>");
    assert_says(svg.text, "从 1 到 0.2：训练。");
    assert_says(svg.text, "<text>学习率 1 时的测试</text>");
    assert_says(svg.text, "<text>loss</text>"); // without a translation
    assert_says(svg.text, "fill=\"#16181d\"");
}
END_TEST

START_TEST(a_theme_that_is_none_is_not_drawn) {
    run_function(draw_svg);
    Drawing drawing = {.folder = "out/ch06",
                       .name = "loss",
                       .format = "svg",
                       .theme = "sepia"};
    Drawn drawn;
    figure_draw(&drawing, &drawn);
    ck_assert(!drawn.script && !drawn.picture);
    ck_assert_ptr_null(translation_load("no_such.tsv"));
}
END_TEST

// ---- 3. What can go wrong ---------------------------------------------------

static void draw_two(void) {
    draw("one", "svg");
    draw("two", "svg");
    printf("training goes on\n");
}

START_TEST(no_gnuplot_is_said_once) {
    setenv("PATH", scratch_path("").text, 1);
    mkdir("out", 0777), mkdir("out/ch06", 0777);
    fclose(fopen("out/ch06/one.svg", "w"));
    Run run = run_function(draw_two);
    ck_assert_int_eq(run.status, 0);
    ck_assert_int_eq(count(run.output, "cannot run gnuplot"), 1);
    ck_assert_int_eq(count(run.output, "\n"), 2);
    assert_says(run.output, "make deps, then cd out/ch06 && gnuplot one.gp\n");
    assert_says(run.output, "training goes on\n");
    // an old picture does not pass for the new data; both can be drawn later
    ck_assert(!exists("out/ch06/one.svg"));
    ck_assert_int_eq(files_in("out/ch06"), 6);
    ck_assert(exists("out/ch06/one.csv") && exists("out/ch06/one.gp"));
    ck_assert(exists("out/ch06/two.csv") && exists("out/ch06/two.fig"));
}
END_TEST

// Puts a gnuplot of our own first in the PATH.
static void write_gnuplot(const char *script) {
    char path[4096], text[256];
    mkdir("bin", 0777);
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    write_text("bin/gnuplot", text);
    ck_assert_int_eq(chmod("bin/gnuplot", 0755), 0);
    snprintf(path, sizeof path, "%s:%s", scratch_path("bin").text,
             getenv("PATH"));
    setenv("PATH", path, 1);
}

START_TEST(failing_gnuplot_is_told) {
    write_gnuplot("echo half > loss.svg; exit 1");
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output,
                "warning: gnuplot could not draw out/ch06/loss.svg; to see "
                "why: cd out/ch06 && gnuplot loss.gp\n");
    assert_never_says(run.output, "chart: ");
    ck_assert(!exists("out/ch06/loss.svg"));
    ck_assert(exists("out/ch06/loss.gp"));
}
END_TEST

START_TEST(gnuplot_that_draws_nothing_is_told) {
    write_gnuplot("exit 0");
    Run run = run_function(draw_svg);
    assert_says(run.output, "warning: gnuplot could not draw");
    assert_never_says(run.output, "chart: ");
}
END_TEST

START_TEST(gnuplot_that_hangs_is_stopped) {
    hide_gnuplot();
    draw("loss", "svg");
    setenv("PATH", "/usr/bin:/bin", 1);
    write_gnuplot("exec sleep 30");
    Drawing drawing = {
        .folder = "out/ch06", .name = "loss", .format = "svg", .seconds = 1};
    Drawn drawn;
    figure_draw(&drawing, &drawn);
    ck_assert(drawn.script && drawn.late && !drawn.picture);
    ck_assert_int_eq(drawn.error, 0);
}
END_TEST

static void draw_and_be_stopped(void) {
    run_begin();
    run_catch_signals();
    draw("loss", "svg");
}

// Ctrl-C while gnuplot draws: an older figure stays whole, nothing is left over.
START_TEST(a_stop_while_drawing_leaves_the_old_figure) {
    write_gnuplot("kill -INT $PPID; exit 1");
    mkdir("out", 0777), mkdir("out/ch06", 0777);
    write_text("out/ch06/loss.svg", "old\n");
    write_text("out/ch06/loss.csv", "old\n");
    Run run = run_function(draw_and_be_stopped);
    assert_never_says(run.output, "warning");
    ck_assert_int_eq(files_in("out/ch06"), 2);
    ck_assert_str_eq(contents_of("out/ch06/loss.svg").text, "old\n");
    ck_assert_str_eq(contents_of("out/ch06/loss.csv").text, "old\n");
}
END_TEST

// Tests may run as root, whom no permission stops: a file called `out` does.
START_TEST(unwritable_folder_is_told) {
    fclose(fopen("out", "w"));
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output,
                     "warning: no chart: cannot write out/ch06/loss.csv (Not a "
                     "directory); make out/ a folder with room that you may "
                     "write to, or run with --plot none\n");
}
END_TEST

START_TEST(unwritable_file_is_told) {
    hide_gnuplot();
    mkdir("out", 0777), mkdir("out/ch06", 0777),
        mkdir("out/ch06/loss.gp", 0777);
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, "no chart: cannot write out/ch06/loss.csv");
    ck_assert_int_eq(count(run.output, "\n"), 1);
}
END_TEST

// Eight runs at the same time draw the same figure with numbers of their own.
// Whoever is last: every file is whole, and of one run.
START_TEST(runs_side_by_side_leave_whole_files) {
    enum { RUNS = 8, ROWS = 3000 };
    pid_t runs[RUNS];
    for (int r = 0; r < RUNS; r++) {
        runs[r] = fork();
        if (runs[r] != 0)
            continue;
        Figure f;
        freopen("/dev/null", "w", stdout);
        if (!figure_open(&f, "ch06", "race", "svg"))
            _exit(1);
        figure_title(&f, "Run %d", r);
        figure_caption(&f, "Run %d.", r);
        figure_table(&f, "x,y");
        for (int i = 0; i < ROWS; i++)
            figure_row(&f, i, r);
        figure_lines(&f, 1, 2, "run %d", r);
        figure_close(&f);
        _exit(0);
    }
    for (int r = 0; r < RUNS; r++) {
        int status;
        ck_assert_int_eq(waitpid(runs[r], &status, 0), runs[r]);
        ck_assert_int_eq(status, 0);
    }
    static double y[ROWS + 1];
    ck_assert_int_eq(chart_column("out/ch06/race.csv", 0, "y", y, ROWS + 1),
                     ROWS);
    for (int i = 1; i < ROWS; i++)
        ck_assert_double_eq(y[i], y[0]);
    ck_assert_int_eq(figure_count("out/ch06/race.fig", "lines"), 1);
    bool drawn = system("gnuplot --version > gnuplot.txt 2>&1") == 0;
    ck_assert_int_eq(files_in("out/ch06"), drawn ? 4 : 3);
    if (drawn)
        assert_says(contents_of("out/ch06/race.svg").text, "</svg>");
}
END_TEST

START_TEST(readers_own_settings_stay_out) {
    setenv("GNUTERM", "x11", 1);
    setenv("LC_ALL", "C", 1); // gnuplot would take its encoding from here
    if (skip_without_gnuplot("readers_own_settings_stay_out"))
        return;
    write_text(".gnuplot", "exit status 3\n");
    setenv("HOME", scratch_path("").text, 1);
    Run run = run_function(draw_svg);
    ck_assert_str_eq(run.output, "chart: out/ch06/loss.svg\n");
    assert_says(contents_of("out/ch06/loss.svg").text, "η = 1");
}
END_TEST

// ---- 4. Misuse --------------------------------------------------------------

START_TEST(unknown_format_aborts) {
    Figure f;
    figure_open(&f, "ch06", "loss", "sv");
}
END_TEST

START_TEST(row_of_a_closed_figure_aborts) {
    Figure f;
    figure_open(&f, "ch06", "loss", "none");
    figure_row(&f, 1.0);
}
END_TEST

START_TEST(mark_before_its_table_aborts) {
    Figure f;
    figure_open(&f, "ch06", "loss", "svg");
    figure_lines(&f, 1, 2, "early");
}
END_TEST

START_TEST(figure_without_a_caption_aborts) {
    Figure f;
    figure_open(&f, "ch06", "loss", "svg");
    figure_title(&f, "Something");
    figure_close(&f);
}
END_TEST

START_TEST(words_of_a_strange_type_abort) {
    Figure f;
    figure_open(&f, "ch06", "loss", "svg");
    figure_title(&f, "%p", (void *)&f);
}
END_TEST

// ---- 5. Sheets of pictures --------------------------------------------------

// Five pictures of 2 x 3 pixels, two in a row.
enum { COUNT = 5, H = 2, W = 3, PIXELS = H * W };

typedef struct {
    double x[COUNT][PIXELS], y[COUNT][PIXELS], value[COUNT][PIXELS];
} Places;

static void draw_sheet(Places *s) {
    static const char *const captions[] = {"a", "b", "c", "d", "e"};
    static const char *const rows[] = {"first", "second", "third"};
    float pictures[COUNT * PIXELS];
    for (int i = 0; i < COUNT * PIXELS; i++)
        pictures[i] = (float)(100 * (i / PIXELS) + i % PIXELS);
    Figure f;
    hide_gnuplot();
    ck_assert(figure_open(&f, "ch06", "sheet", "svg"));
    figure_title(&f, "Five pictures");
    figure_caption(&f, "All of them.");
    figure_pictures(&f, &(Sheet){pictures, COUNT, H, W, 2, 0.0, 500.0,
                                 HEAT_GRAY, rows, captions});
    figure_close(&f);
    for (int p = 0; p < COUNT; p++) {
        const char *file = "out/ch06/sheet.csv";
        ck_assert_int_eq(chart_column(file, p, "x", s->x[p], PIXELS), PIXELS);
        chart_column(file, p, "y", s->y[p], PIXELS);
        chart_column(file, p, "value", s->value[p], PIXELS);
    }
}

// Right is a larger x, below a smaller y, within a picture and on the sheet; all
// pictures have one scale.
START_TEST(pictures_stand_as_they_lie) {
    Places s;
    draw_sheet(&s);
    for (int p = 0; p < COUNT; p++) {
        for (int i = 0; i < PIXELS; i++) {
            ck_assert_double_eq(s.value[p][i], 100 * p + i);
            ck_assert_double_eq(s.x[p][i] - s.x[p][0], i % W);
            ck_assert_double_eq(s.y[p][0] - s.y[p][i], (double)(i / W));
        }
        ck_assert_msg(
            (s.x[p][0] > s.x[0][0]) == (p % 2 == 1) &&
                (p < 2 ? s.y[p][0] == s.y[0][0] : s.y[p][0] < s.y[p - 2][0]),
            "picture %d does not stand in row %d, column %d", p, p / 2, p % 2);
        const char *sheet = "out/ch06/sheet.fig";
        ck_assert_double_eq(figure_attribute(sheet, "heat", p, "low"), 0);
        ck_assert_double_eq(figure_attribute(sheet, "heat", p, "high"), 500);
    }
}
END_TEST

// Above the middle of its own picture, below what stands above; a row's name at
// the height of its middle.
START_TEST(captions_stand_above_their_pictures) {
    Places s;
    draw_sheet(&s);
    const char *sheet = "out/ch06/sheet.fig";
    for (int p = 0; p < COUNT; p++) {
        const char name[] = {(char)('a' + p), '\0'};
        double x = figure_attribute(sheet, "note", p, "x");
        double y = figure_attribute(sheet, "note", p, "y");
        ck_assert_str_eq(figure_words(sheet, "note", p), name);
        ck_assert_msg(x == s.x[p][0] + 1 && y > s.y[p][0] &&
                          (p < 2 || y < s.y[p - 2][PIXELS - 1]),
                      "the caption of picture %d is at %g, %g", p, x, y);
    }
    for (int row = 0; row < 3; row++)
        ck_assert_double_eq(figure_attribute(sheet, "tick", row, "at"),
                            s.y[2 * row][0] - 0.5);
    ck_assert_str_eq(figure_words(sheet, "tick", 1), "second");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {four_files_are_left},
        {svg_describes_itself},
        {script_reruns_by_hand},
        {cells_without_a_number_stay_empty},
        {gnuplot_draws_every_mark},
        {answers_are_filled_points},
        {films_have_frames_and_stills},
        {no_data_is_an_empty_panel},
        {png_is_a_png},
        {pdf_is_a_pdf},
        {dumb_prints_in_order},
        {none_leaves_nothing},
        {is_drawn_again_in_chinese},
        {a_theme_that_is_none_is_not_drawn},
        {no_gnuplot_is_said_once},
        {failing_gnuplot_is_told},
        {gnuplot_that_draws_nothing_is_told},
        {gnuplot_that_hangs_is_stopped},
        {a_stop_while_drawing_leaves_the_old_figure},
        {unwritable_folder_is_told},
        {unwritable_file_is_told},
        {runs_side_by_side_leave_whole_files},
        {readers_own_settings_stay_out},
        {unknown_format_aborts, .signal = SIGABRT},
        {row_of_a_closed_figure_aborts, .signal = SIGABRT},
        {mark_before_its_table_aborts, .signal = SIGABRT},
        {figure_without_a_caption_aborts, .signal = SIGABRT},
        {words_of_a_strange_type_abort, .signal = SIGABRT},
        {pictures_stand_as_they_lie},
        {captions_stand_above_their_pictures},
    };
    return run_tests("figure", tests, sizeof tests / sizeof *tests);
}
