// The lecture's four worked examples, all whole numbers and so exact; the
// sizes; the window against conv_ref.c; the grids under their titles; and
// --explain with places good and bad.

#define main convolution_main
#include "ch06_cnn/convolution.c"
#undef main

#include "conv.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

// Small whole numbers: exact in float32 too.
static void assert_grid(const Grid *got, int rows, int cols,
                        const float *want) {
    ck_assert_int_eq(got->rows, rows);
    ck_assert_int_eq(got->cols, cols);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            ck_assert_double_eq(got->at[i][j], (double)want[i * cols + j]);
}

START_TEST(worked_examples) {
    const float plain[] = {15, 16, 6, 15}, bias[] = {18, 19, 9, 18},
                zeros[] = {7,  12, 10, 2, 4, 15, 16, 10,
                           10, 6,  15, 6, 8, 10, 4,  3},
                stride[] = {15, 17, 17, 15};
    Grid y[EXAMPLES];
    for (int n = 0; n < EXAMPLES; n++)
        y[n] = run_example(n);
    assert_grid(&y[PLAIN], 2, 2, plain);
    assert_grid(&y[BIAS], 2, 2, bias);
    assert_grid(&y[PADDED], 4, 4, zeros);
    assert_grid(&y[STRIDED], 2, 2, stride);
}
END_TEST

// As many places as the kernel has, counted one by one.
START_TEST(output_sizes) {
    ck_assert_int_eq(output_size(28, 5, 3, 2), 10);
    ck_assert_int_eq(output_size(31, 5, 3, 2), 11);
    for (int size = 3; size < 12; size++)
        for (int F = 1; F <= 5; F++)
            for (int S = 1; S <= 4; S++)
                for (int P = F > size ? F : 0; P < 4; P++) {
                    int places = 0;
                    for (int at = 0; at + F <= size + 2 * P; at += S)
                        places++;
                    ck_assert_int_eq(output_size(size, F, S, P), places);
                }
}
END_TEST

static float *put(float *to, const Grid *g) {
    for (int i = 0; i < g->rows; i++)
        for (int j = 0; j < g->cols; j++)
            *to++ = (float)g->at[i][j];
    return to;
}

START_TEST(window_as_in_conv_ref) {
    float pixels[25], weights[9];
    put(pixels, &larger);
    put(weights, &kernel);
    Tensor x = tensor_view(pixels, 4, 1, 1, 5, 5);
    Tensor w = tensor_view(weights, 4, 1, 1, 3, 3);
    for (int stride = 1; stride <= 4; stride++)
        for (int padding = 0; padding <= 1; padding++) {
            float bias = -3;
            Tensor b = tensor_view(&bias, 1, 1), want = {0};
            Grid y = slide(&larger, &kernel, (Settings){stride, padding, -3});
            conv2d_ref_forward(&want, &x, &w, &b, stride, padding);
            assert_grid(&y, want.shape[2], want.shape[3], want.data);
            tensor_free(&want);
        }
}
END_TEST

START_TEST(channels_as_in_conv_ref) {
    float pixels[2 * 16], weights[4 * 9], bias[2] = {0, 10};
    put(put(pixels, &picture), &checkers);
    put(put(put(put(weights, &kernel), &ones), &plus), &minus);
    Tensor x = tensor_view(pixels, 4, 1, 2, 4, 4);
    Tensor w = tensor_view(weights, 4, 2, 2, 3, 3);
    Tensor b = tensor_view(bias, 1, 2), want = {0};
    Grid y[O];
    two_kernels(y);
    conv2d_ref_forward(&want, &x, &w, &b, 1, 0);
    ck_assert_str_eq(tensor_shape(&want).text, "[1, 2, 2, 2]");
    for (int o = 0; o < O; o++)
        assert_grid(&y[o], 2, 2, want.data + o * 4);
    const float first[] = {19, 21, 11, 19}; // 15 16 6 15 and 4 5 5 4
    assert_grid(&y[0], 2, 2, first);
    tensor_free(&want);
}
END_TEST

// The line below these titles: the first row of each grid, from left to right.
static void assert_first_rows(const Run *run, const char *titles, int count,
                              const double *want) {
    double got[24];
    ck_assert_int_eq(numbers_below(run->output, titles, got, 24), count);
    for (int i = 0; i < count; i++)
        ck_assert_msg(got[i] == want[i],
                      "below \"%s\": number %d is %g, not %g", titles, i,
                      got[i], want[i]);
}

START_TEST(a_grid_stands_under_its_title) {
    Run run = run_program("convolution --plot none");
    const double inputs[] = {1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 0, 1};
    assert_first_rows(&run, "picture  ", 12, inputs);
    const double results[] = {15, 16, 18, 19, 7, 12, 10, 2, 15, 17};
    assert_first_rows(&run, "4 x 4 ", 10, results);
    const double slices[] = {15, 16, 4, 5, 19, 21, 11, 11};
    assert_first_rows(&run, "kernel 0: slice 0", 8, slices);
    // (28 + 4 - 5) / 3 + 1 and (31 + 4 - 5) / 3 + 1
    ck_assert_double_eq(table_number(run.output, "FH = 5 gives", 0), 10);
    ck_assert_double_eq(table_number(run.output, "FH = 5 gives", 1), 11);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("convolution");
    ck_assert_str_eq(run.output, "result: y00=15 bias=18 padded=7 strided=15 "
                                 "rows=10 cols=11\n");
}
END_TEST

START_TEST(explains_a_pixel) {
    Run run = run_well("convolution --plot none --explain 1,2");
    assert_says(run.output, "from x[0][1] on");
    assert_says(run.output, "2 * 2  +  0 * 3  +  1 * 0");
    assert_says(run.output, "0 * 1  +  1 * 2  +  2 * 3");
    assert_says(run.output, "1 * 0  +  0 * 1  +  2 * 2");
    ck_assert_double_eq(table_number(run.output, "together", 0), 16);
    // the last of 2 x 2, and a bias
    run = run_well(
        "convolution --explain=1,1 --padding 0 --bias 3 --plot none --quiet");
    ck_assert_double_eq(table_number(run.output, "together", 0), 18);
    // the largest picture, and the smallest output
    run = run_well("convolution --plot none --explain 5,5 --padding 2");
    run = run_well("convolution --plot none --explain 0,0 --padding 0 "
                   "--stride 4");
}
END_TEST

// Stride 2, padding 1: y[1][1] begins at x[1][1]. Its window of 3 x 3 is marked
// (kind 2), the column on its right is padding, and 15 comes out.
START_TEST(marks_the_window_in_the_chart) {
    run_for_charts("convolution --stride 2 --padding 1 --explain 1,1 --quiet");
    const char *text = text_of("out/ch06/convolution_window.csv");
    static const char *const rows[] = {
        "\n0,-1,0,1\n1,-1,1,0\n2,-1,2,0\n3,-1,3,0\n4,-1,0,0\n5,-1,0,1\n",
        "\n0,-2,0,1\n1,-2,0,0\n2,-2,1,2\n3,-2,2,2\n4,-2,3,2\n5,-2,0,1\n",
        "\n0,-4,0,1\n1,-4,2,0\n2,-4,3,2\n3,-4,0,2\n4,-4,1,2\n5,-4,0,1\n",
        "\n7,-1,0,2\n8,-1,1,2\n9,-1,2,2\n", // of the kernel
        "\n11,-1,10,0\n12,-1,15,2\n"};      // of the output
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_says(text, rows[i]);
    const char *figure = "out/ch06/convolution_window.fig";
    assert_says(figure_words(figure, "title", 0), "y[1][1] = 15");
    assert_says(figure_words(figure, "caption", 0), "the bias, 0,");
    assert_says(text_of(figure), "color=gray column=4 value=1\n");
    assert_says(text_of(figure), "color=orange column=4 value=2\n");
    ck_assert_str_eq(figure_words(figure, "note", 2), "kernel");
    ck_assert_double_eq(figure_attribute(figure, "note", 2, "x"), 8);
}
END_TEST

// A frame for each pixel of the output, row by row: it has the numbers so far,
// and its window begins at the pixel's place.
START_TEST(film_slides_row_by_row) {
    enum { CELLS = 36 + 9 + 16 }; // the padded picture, the kernel, the output
    double value[CELLS], kind[CELLS];
    const char *file = "out/ch06/convolution_film.csv";
    run_for_charts("convolution --quiet");
    ck_assert_int_eq(figure_count("out/ch06/convolution_film.fig", "panel"),
                     16);
    Grid y = slide(&picture, &kernel, (Settings){1, 1, 0.0});
    for (int n = 0; n < 16; n++) {
        ck_assert_int_eq(chart_column(file, n, "value", value, CELLS), CELLS);
        chart_column(file, n, "kind (0 cell 1 padding 2 chosen)", kind, CELLS);
        for (int k = 0; k < 16; k++)
            ck_assert(k <= n ? value[45 + k] == y.at[k / 4][k % 4]
                             : isnan(value[45 + k]));
        ck_assert_double_eq(kind[6 * (n / 4) + n % 4], 2);
        ck_assert_double_eq(kind[6 * (n / 4 + 2) + n % 4 + 2], 2);
        ck_assert_double_eq(kind[45 + n], 2);
    }
}
END_TEST

START_TEST(bad_places_exit_2) {
    const char *places[] = {"4,0",  "0,4",   "-1,0",   "0,-1",
                            "1",    "1,",    ",1",     "1;2",
                            "1,2x", "a,b",   "'1, 2'", "1.,2",
                            "+1,2", "0x1,2", "1,2,3",  "00000001,2"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        Run run =
            run_program("convolution --plot none --explain=%s", places[i]);
        ck_assert_msg(run.status == 2, "%s ended with %d", places[i],
                      run.status);
        assert_says(run.output, "0,0 to 3,3");
        assert_never_says(run.output, "result:");
    }
    ck_assert_int_eq(run_program("convolution --explain").status, 2);
    ck_assert_int_eq(run_program("convolution --explain=").status, 2);
    ck_assert_int_eq(run_program("convolution --stride 0").status, 2);
}
END_TEST

int main(void) {
    const Test tests[] = {{worked_examples},
                          {output_sizes},
                          {window_as_in_conv_ref},
                          {channels_as_in_conv_ref},
                          {a_grid_stands_under_its_title},
                          {prints_its_result},
                          {explains_a_pixel},
                          {marks_the_window_in_the_chart},
                          {film_slides_row_by_row},
                          {bad_places_exit_2}};
    return run_tests("convolution", tests, sizeof tests / sizeof *tests);
}
