// test_chart.c - what lies on disk after a chart, and what is said if it fails.

#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tables.h"
#include "testing.h"

// A file's contents; empty if it cannot be read.
typedef struct {
    char text[65536];
    size_t size;
} Contents;

static Contents contents_of(const char *path) {
    Contents c = {""};
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

// Says so and returns true if there is no gnuplot to test with.
static bool skip_without_gnuplot(const char *test) {
    if (system("gnuplot --version > gnuplot.txt 2>&1") == 0)
        return false;
    skip_test(test, "no gnuplot (run `make deps`)");
    return true;
}

// The chart that most tests draw.
static void draw(const char *name, const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch06", name, format))
        return;
    chart_columns(&chart, "epoch,train_loss,test_loss");
    for (int e = 1; e <= 5; e++)
        chart_row(&chart, 3, (double)e, 1.0 / e, 0.2 + 1.0 / e);
    chart_script(&chart, "set title 'Learning curve'\nset xlabel 'epoch'\n");
    chart_script(&chart, "set ylabel 'share (%%)'\n"
                         "plot for [i = 2:3] DATA using 1:i with lines\n");
    chart_close(&chart);
}

static void draw_svg(void) {
    draw("loss", "svg");
}

// ---- 1. What is written -----------------------------------------------------

START_TEST(three_files_are_left) {
    if (skip_without_gnuplot("three_files_are_left"))
        return;
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "chart: out/ch06/loss.svg\n");
    ck_assert_str_eq(contents_of("out/ch06/loss.csv").text,
                     "epoch,train_loss,test_loss\n"
                     "1,1,1.2\n"
                     "2,0.5,0.7\n"
                     "3,0.3333333,0.5333333\n"
                     "4,0.25,0.45\n"
                     "5,0.2,0.4\n");
    Contents gp = contents_of("out/ch06/loss.gp");
    ck_assert_int_eq(count(gp.text, "set terminal"), 1);
    ck_assert_int_eq(count(gp.text, "set encoding utf8\n"), 1);
    assert_says(gp.text, "cd out/ch06 && gnuplot loss.gp\n");
    assert_says(gp.text, "DATA = 'loss.csv'\n");
    assert_says(gp.text, "set output 'loss.svg'\n");
    assert_says(gp.text, "set ylabel 'share (%)'\nplot for");
    Contents svg = contents_of("out/ch06/loss.svg");
    assert_says(svg.text, "width=\"720\" height=\"480\"");
    assert_says(svg.text, "Learning curve");
    assert_says(svg.text, "<text>test_loss</text>");
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

START_TEST(size_is_the_pictures) {
    Chart chart;
    ck_assert(chart_open(&chart, "ch06", "wide", "svg"));
    chart_size(&chart, 1000, 300);
    chart_columns(&chart, "x,y");
    chart_row(&chart, 2, 0.0, 0.0);
    chart_row(&chart, 2, 1.0, 1.0);
    chart_script(&chart, "plot DATA\n");
    chart_close(&chart);
    assert_says(contents_of("out/ch06/wide.gp").text, "size 1000,300");
}
END_TEST

START_TEST(cells_without_a_number_stay_empty) {
    Chart chart;
    ck_assert(chart_open(&chart, "ch06", "gaps", "svg"));
    chart_columns(&chart, "a,b,c");
    chart_row(&chart, 3, (double)NAN, 1e-30, (double)INFINITY);
    chart_row(&chart, 3, -123456789.0, (double)-INFINITY, 0.1);
    chart_row(&chart, 1, 0.0);
    chart_script(&chart, "plot x\n");
    chart_close(&chart);
    ck_assert_str_eq(contents_of("out/ch06/gaps.csv").text,
                     "a,b,c\n,1e-30,\n-1.234568e+08,,0.1\n0\n");
}
END_TEST

// Two blank lines: gnuplot must find the second block, with its own header.
static void draw_blocks(void) {
    Chart chart;
    if (!chart_open(&chart, "ch06", "blocks", "svg"))
        return;
    for (int block = 0; block < 2; block++) {
        chart_columns(&chart, block == 0 ? "x,first" : "x,second");
        chart_row(&chart, 2, 1.0, 10.0 + block);
        chart_row(&chart, 2, 2.0, 20.0 + block);
        chart_break(&chart);
        chart_break(&chart);
    }
    chart_script(&chart, "stats DATA index 1 using 2 nooutput\n"
                         "if (STATS_records != 2 || STATS_max != 21) exit "
                         "status 1\n"
                         "plot for [i = 0:1] DATA index i with lines\n");
    chart_close(&chart);
}

START_TEST(blocks_are_told_apart) {
    if (skip_without_gnuplot("blocks_are_told_apart"))
        return;
    Run run = run_function(draw_blocks);
    ck_assert_str_eq(run.output, "chart: out/ch06/blocks.svg\n");
    Contents svg = contents_of("out/ch06/blocks.svg");
    assert_says(svg.text, "<text>first</text>");
    assert_says(svg.text, "<text>second</text>");
}
END_TEST

static void draw_chinese(void) {
    Chart chart;
    if (!chart_open(&chart, "ch01", "utf8", "svg"))
        return;
    chart_columns(&chart, "x,y");
    chart_row(&chart, 2, 1.0, 2.0);
    chart_row(&chart, 2, 2.0, 3.0);
    chart_script(&chart, "set title 'Perceptron 感知机, η = 1'\nplot DATA\n");
    chart_close(&chart);
}

START_TEST(titles_may_be_utf8) {
    if (skip_without_gnuplot("titles_may_be_utf8"))
        return;
    setenv("LC_ALL", "C", 1); // gnuplot would take its encoding from here
    Run run = run_function(draw_chinese);
    ck_assert_str_eq(run.output, "chart: out/ch01/utf8.svg\n");
    assert_says(contents_of("out/ch01/utf8.svg").text, "感知机, η = 1");
}
END_TEST

// ---- 2. Formats -------------------------------------------------------------

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
    Contents png = contents_of("out/ch06/loss.png");
    ck_assert_mem_eq(png.text, "\x89PNG\r\n\x1a\n", 8);
    // width and height, big-endian, in the first chunk
    ck_assert_mem_eq(png.text + 16, "\0\0\x02\xd0\0\0\x01\xe0", 8);
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
    const char *title = strstr(run.output, "Learning curve");
    const char *after = strstr(run.output, "\nsaid after\n");
    ck_assert(title != NULL && after != NULL && title < after);
    ck_assert_ptr_null(strchr(run.output, '\f'));
    assert_never_says(run.output, "chart:");
    for (char *line = strtok(run.output, "\n"); line != NULL;
         line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= 79, "too wide: '%s'", line);
}
END_TEST

START_TEST(none_leaves_nothing) {
    Chart chart;
    ck_assert(!chart_open(&chart, "ch06", "loss", "none"));
    ck_assert(!exists("out"));
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
    ck_assert(exists("out/ch06/one.csv") && exists("out/ch06/one.gp"));
    ck_assert(exists("out/ch06/two.csv") && exists("out/ch06/two.gp"));
}
END_TEST

// The picture is begun, but not all of it can be drawn.
static void draw_badly(void) {
    Chart chart;
    if (!chart_open(&chart, "ch06", "loss", "svg"))
        return;
    chart_columns(&chart, "x,y");
    chart_row(&chart, 2, 1.0, 2.0);
    chart_script(&chart, "plot DATA\nplot no_such_function(x)\n");
    chart_close(&chart);
    printf("training goes on\n");
}

START_TEST(failing_script_is_told) {
    if (skip_without_gnuplot("failing_script_is_told"))
        return;
    Run run = run_function(draw_badly);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output,
                "warning: gnuplot could not draw out/ch06/loss.svg; to see "
                "why: cd out/ch06 && gnuplot loss.gp\n");
    assert_says(run.output, "training goes on\n");
    assert_never_says(run.output, "chart: ");
}
END_TEST

static void draw_nothing(void) {
    Chart chart;
    if (!chart_open(&chart, "ch06", "loss", "svg"))
        return;
    chart_script(&chart, "set title 'and no plot'\n");
    chart_close(&chart);
}

START_TEST(missing_picture_is_told) {
    if (skip_without_gnuplot("missing_picture_is_told"))
        return;
    run_function(draw_svg); // its picture must not be taken for this one's
    Run run = run_function(draw_nothing);
    assert_says(run.output, "warning: gnuplot could not draw");
    assert_never_says(run.output, "chart: ");
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

START_TEST(unwritable_script_is_told) {
    mkdir("out", 0777), mkdir("out/ch06", 0777),
        mkdir("out/ch06/loss.gp", 0777);
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, "cannot write out/ch06/loss.gp");
    ck_assert_int_eq(count(run.output, "\n"), 1);
}
END_TEST

// /dev/full takes everything and keeps nothing, like a disk without room.
static void check_full_disk(const char *file) {
    if (!exists("/dev/full")) {
        skip_test("full_disk_is_told", "no /dev/full here");
        return;
    }
    mkdir("out", 0777), mkdir("out/ch06", 0777);
    ck_assert_int_eq(symlink("/dev/full", file), 0);
    Run run = run_function(draw_svg);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, "cannot write out/ch06/loss.");
    assert_says(run.output, "(is the disk full?)");
    ck_assert_int_eq(count(run.output, "\n"), 1);
    ck_assert(!exists("out/ch06/loss.svg")); // gnuplot was not started
}

START_TEST(full_disk_is_told_of_data) {
    check_full_disk("out/ch06/loss.csv");
}
END_TEST

START_TEST(full_disk_is_told_of_script) {
    check_full_disk("out/ch06/loss.gp");
}
END_TEST

START_TEST(readers_own_settings_stay_out) {
    setenv("GNUTERM", "x11", 1);
    if (skip_without_gnuplot("readers_own_settings_stay_out"))
        return;
    write_text(".gnuplot", "exit status 3\n");
    setenv("HOME", scratch_path("").text, 1);
    Run run = run_function(draw_svg);
    ck_assert_str_eq(run.output, "chart: out/ch06/loss.svg\n");
}
END_TEST

// ---- 4. Misuse --------------------------------------------------------------

START_TEST(unknown_format_aborts) {
    Chart chart;
    chart_open(&chart, "ch06", "loss", "sv");
}
END_TEST

START_TEST(row_of_a_closed_chart_aborts) {
    Chart chart;
    chart_open(&chart, "ch06", "loss", "none");
    chart_row(&chart, 1, 1.0);
}
END_TEST

START_TEST(size_after_script_aborts) {
    Chart chart;
    chart_open(&chart, "ch06", "loss", "svg");
    chart_script(&chart, "set title 'late'\n");
    chart_size(&chart, 100, 100);
}
END_TEST

// ---- Sheets of pictures, and classes ----------------------------------------

// Opens a chart where there is no gnuplot: only what it would read is written.
static void open_unseen(Chart *chart, const char *name) {
    hide_gnuplot();
    ck_assert(chart_open(chart, "ch06", name, "svg"));
}

// Five pictures of 2 x 3 pixels, two in a row; pixel by pixel, row by row, each
// goes from its darkest, 0, to its brightest, 1.
enum { SHEET = 5, SHEET_H = 2, SHEET_W = 3, SHEET_P = SHEET_H * SHEET_W };

typedef struct {
    double x[SHEET][SHEET_P], y[SHEET][SHEET_P], grey[SHEET][SHEET_P];
} Sheet;

static void draw_sheet(Sheet *s) {
    static const char *const captions[] = {"a", "b", "c", "d", "e"};
    float pictures[SHEET * SHEET_P];
    for (int i = 0; i < SHEET * SHEET_P; i++)
        pictures[i] = (float)(100 * (i / SHEET_P) + i % SHEET_P);
    Chart chart;
    open_unseen(&chart, "sheet");
    chart_pictures(&chart, pictures, SHEET, SHEET_H, SHEET_W, 2, captions);
    chart_close(&chart);
    for (int p = 0; p < SHEET; p++) {
        const char *file = "out/ch06/sheet.csv";
        ck_assert_int_eq(chart_column(file, p, "x", s->x[p], SHEET_P), SHEET_P);
        chart_column(file, p, "y", s->y[p], SHEET_P);
        chart_column(file, p, "grey", s->grey[p], SHEET_P);
    }
}

// Right is a larger x, below a smaller y, within a picture and on the sheet.
START_TEST(pictures_stand_as_they_lie) {
    Sheet s;
    draw_sheet(&s);
    for (int p = 0; p < SHEET; p++) {
        for (int i = 0; i < SHEET_P; i++) {
            int at = 0; // the pixel in the file that is the i-th of the picture
            while (at < SHEET_P && (s.x[p][at] - s.x[p][0] != i % SHEET_W ||
                                    s.y[p][0] - s.y[p][at] != i / SHEET_W))
                at++;
            ck_assert_msg(at < SHEET_P, "picture %d has no pixel %d", p, i);
            ck_assert_msg(fabs(s.grey[p][at] - i / (SHEET_P - 1.0)) < 1e-6,
                          "picture %d, row %d, column %d: grey is %g, not %g",
                          p, i / SHEET_W, i % SHEET_W, s.grey[p][at],
                          i / (SHEET_P - 1.0));
        }
        ck_assert_msg(
            (s.x[p][0] > s.x[0][0]) == (p % 2 == 1) &&
                (p < 2 ? s.y[p][0] == s.y[0][0] : s.y[p][0] < s.y[p - 2][0]),
            "picture %d does not stand in row %d, column %d", p, p / 2, p % 2);
    }
}
END_TEST

// Above the middle of its own picture, below whatever stands above.
START_TEST(captions_stand_above_their_pictures) {
    Sheet s;
    draw_sheet(&s);
    const char *script = text_of("out/ch06/sheet.gp");
    for (int p = 0; p < SHEET; p++) {
        double x, y;
        char label[] = "set label \"?\" at ";
        label[11] = (char)('a' + p);
        ck_assert_int_eq(sscanf(after_text(script, label), "%lf,%lf", &x, &y),
                         2);
        ck_assert_msg(x == s.x[p][0] + 1 && y > s.y[p][0] &&
                          (p < 2 || y < s.y[p - 2][SHEET_P - 1]),
                      "the caption of picture %d is at %g, %g", p, x, y);
    }
}
END_TEST

// x and y lie side by side in one array, as a tensor of [N, 2] has them.
START_TEST(classes_stand_at_their_points) {
    const float points[] = {1, 10, 2, 20, 3, 30};
    const int labels[] = {7, 8, 9};
    const char *const columns[] = {"x", "y", "class"};
    const double want[][3] = {{1, 2, 3}, {10, 20, 30}, {7, 8, 9}};
    Chart chart;
    open_unseen(&chart, "classes");
    chart_classes(&chart, points, points + 1, 2, labels, 3, 0);
    chart_close(&chart);
    for (int c = 0; c < 3; c++)
        assert_column("out/ch06/classes.csv", 0, columns[c], want[c], 3, 0);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {three_files_are_left},
        {script_reruns_by_hand},
        {size_is_the_pictures},
        {cells_without_a_number_stay_empty},
        {blocks_are_told_apart},
        {titles_may_be_utf8},
        {pictures_stand_as_they_lie},
        {captions_stand_above_their_pictures},
        {classes_stand_at_their_points},
        {png_is_a_png},
        {pdf_is_a_pdf},
        {dumb_prints_in_order},
        {none_leaves_nothing},
        {no_gnuplot_is_said_once},
        {failing_script_is_told},
        {missing_picture_is_told},
        {unwritable_folder_is_told},
        {unwritable_script_is_told},
        {full_disk_is_told_of_data},
        {full_disk_is_told_of_script},
        {readers_own_settings_stay_out},
        {unknown_format_aborts, .signal = SIGABRT},
        {row_of_a_closed_chart_aborts, .signal = SIGABRT},
        {size_after_script_aborts, .signal = SIGABRT},
    };
    return run_tests("chart", tests, sizeof tests / sizeof *tests);
}
