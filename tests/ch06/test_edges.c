// Every kernel, and two of noise, against SciPy's convolve2d with mirrored
// borders (tests/golden/edges.txt); what each kernel is for; the lecture's own
// case to the last digit; and pictures of one's own, good and bad.

#define main edges_main
#include "ch06_cnn/edges.c"
#undef main

#include <string.h>
#include <unistd.h>

#include "figures.h"
#include "golden.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"

// ---- 1. SciPy ---------------------------------------------------------------

static void check_kernel(const char *size, const Kernel *k) {
    char prefix[64];
    Tensor x = golden("edges.txt", "", size), y = {0};
    snprintf(prefix, sizeof prefix, "%s.%s", size, k->name);
    Tensor want = golden("edges.txt", prefix, "");
    Tensor allowed = golden("edges.txt", prefix, ".allowed");
    convolve(&y, &x, k);
    ck_assert(tensor_same_shape(&y, &x) && tensor_same_shape(&y, &want));
    assert_within(y.data, want.data, allowed.data, y.size, prefix);
    release(&x, &y, &want, &allowed, NULL);
}

// Of small pictures the mirror images of mirror images, too.
START_TEST(as_scipy_convolves) {
    const char *sizes[] = {"7x9", "12x5", "2x3", "1x4", "3x1", "1x1"};
    Kernel noise[] = {{.name = "noise3", .size = 3, .divisor = 1},
                      {.name = "noise5", .size = 5, .divisor = 1}};
    for (int n = 0; n < 2; n++) {
        Tensor w = golden("edges.txt", "", noise[n].name);
        for (size_t i = 0; i < w.size; i++)
            noise[n].weights[i] = (double)w.data[i];
        tensor_free(&w);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int n = 0; n < KERNELS; n++)
            check_kernel(sizes[i], &kernels[n]);
        check_kernel(sizes[i], &noise[0]);
        check_kernel(sizes[i], &noise[1]);
    }
}
END_TEST

// ---- 2. What the kernels are for --------------------------------------------

enum { MIDDLE = 2 * 6 + 3 };

// x [4, 6] = across j + down i: whole numbers, exact.
static Tensor slope(float across, float down) {
    Tensor x = {0};
    tensor_resize(&x, 2, 4, 6);
    for (int p = 0; p < 24; p++)
        x.data[p] = across * (float)(p % 6) + down * (float)(p / 6);
    return x;
}

// What a kernel makes of the middle, where no border is near. Frees x.
static float answer(int kernel, Tensor x) {
    Tensor y = {0};
    convolve(&y, &x, &kernels[kernel]);
    float middle = y.data[MIDDLE];
    release(&x, &y, NULL);
    return middle;
}

// Sobel's is eight times the slope, with its sign; the Laplacian of a plane is
// 0, and so sharpening changes nothing.
START_TEST(answers_to_a_slope) {
    const float want[KERNELS] = {
        [SHARPEN] = 3 * 3 - 2 * 2, [G_X] = 24, [G_Y] = -16};
    for (int n = SHARPEN; n < KERNELS; n++)
        ck_assert_float_eq(answer(n, slope(3, -2)), want[n]);
}
END_TEST

// What the table says of > 0: a picture that gets brighter to the right, or
// downward; and a dot that is darker than around it.
START_TEST(words_agree_with_signs) {
    Tensor dot = slope(0, 0);
    dot.data[MIDDLE] = -1;
    ck_assert_float_gt(answer(G_X, slope(1, 0)), 0);
    assert_says(kernels[G_X].does, "brighter");
    ck_assert_float_gt(answer(G_Y, slope(0, 1)), 0);
    assert_says(kernels[G_Y].does, "brighter");
    ck_assert_float_gt(answer(LAPLACIAN, dot), 0);
    assert_says(kernels[LAPLACIAN].does, "darker");
}
END_TEST

// One tone, 0.75: a kernel whose weights add up to 1 keeps it, to the border;
// one whose weights add up to 0 finds nothing. All sums are exact.
START_TEST(no_false_edges_at_the_border) {
    Tensor x = slope(0, 0), y = {0};
    tensor_fill(&x, 0.75f);
    for (int n = 0; n < KERNELS; n++) {
        convolve(&y, &x, &kernels[n]);
        for (size_t p = 0; p < y.size; p++)
            ck_assert_float_eq(y.data[p], n <= SHARPEN ? 0.75f : 0);
    }
    release(&x, &y, NULL);
}
END_TEST

// ---- 3. The picture ---------------------------------------------------------

START_TEST(shrinks_by_whole_blocks) {
    Tensor x = slope(1, 6); // 0 1 2 ... 23
    shrink(&x, 6);
    ck_assert_str_eq(tensor_shape(&x).text, "[4, 6]");
    shrink(&x, 5); // blocks of 2 x 2
    ck_assert_str_eq(tensor_shape(&x).text, "[2, 3]");
    const float want[] = {3.5f, 5.5f, 7.5f, 15.5f, 17.5f, 19.5f};
    for (int p = 0; p < 6; p++)
        ck_assert_float_eq(x.data[p], want[p]);
    shrink(&x, 1); // the block is larger than the picture is high
    ck_assert_str_eq(tensor_shape(&x).text, "[1, 1]");
    ck_assert_float_eq(x.data[0], 11.5f);
    tensor_free(&x);
}
END_TEST

START_TEST(scene_is_a_picture) {
    Tensor x = {0};
    draw_scene(&x);
    float least = 1, most = 0;
    for (size_t p = 0; p < x.size; p++) {
        least = fminf(least, x.data[p]);
        most = fmaxf(most, x.data[p]);
    }
    ck_assert(least >= 0 && least < 0.2f && most > 0.9f && most <= 1);
    tensor_free(&x);
}
END_TEST

static void print_made_up(void) {
    float values[] = {-3, 1, 0.5f, 0.5f};
    Tensor y = tensor_view(values, 2, 2, 2);
    print_output(&kernels[G_X], &y);
}

// Sum of the weights, least and largest value, and (3 + 1 + 0.5 + 0.5) / 4.
START_TEST(a_row_has_its_kernels_numbers) {
    Run run = run_function(print_made_up);
    assert_row(run.output, "G_x", (const double[]){0, -3, 1, 1.25}, 4, 0);
}
END_TEST

// The picture and what each kernel makes of it, in gray; differences on one
// scale of two colors, 0 in its middle.
START_TEST(a_picture_stands_under_its_kernels_name) {
    enum { PIXELS = 4 * 6 };
    static const char *const names[1 + KERNELS] = {
        "original", "blur", "sharpen", "Sobel x", "Sobel y", "Laplacian"};
    Tensor x = slope(0, 0), y[KERNELS] = {{0}};
    fill_noise(x.data, PIXELS, 3);
    for (int n = 0; n < KERNELS; n++)
        convolve(&y[n], &x, &kernels[n]);
    hide_gnuplot();
    draw(&x, y, "svg");
    const char *figure = "out/ch06/edges.fig";
    for (int n = 0; n < 1 + KERNELS; n++) {
        ck_assert_str_eq(figure_words(figure, "note", n), names[n]);
        assert_pixels("out/ch06/edges.csv", n, n == 0 ? x.data : y[n - 1].data,
                      PIXELS, 1e-5);
        ck_assert_double_eq(figure_attribute(figure, "heat", n, "low"),
                            n < 3 ? 0 : -1);
        ck_assert_double_eq(figure_attribute(figure, "heat", n, "high"), 1);
        ck_assert_str_eq(panel_of(figure, n),
                         n < 3 ? "Brightness" : "Differences of neighbors");
    }
    for (int n = 0; n < KERNELS; n++)
        tensor_free(&y[n]);
    tensor_free(&x);
}
END_TEST

// ---- 4. The lecture's case --------------------------------------------------

static Kernel flt(const char *text) {
    Kernel k;
    ck_assert_msg(find_flt(&k, text), "no flt %s", text);
    return k;
}

static void check_case(const char *name, const char *text) {
    char prefix[32];
    snprintf(prefix, sizeof prefix, "face.%s", name);
    Tensor rgb = golden("edges.txt", "face", ""), face = {0};
    Tensor want = golden("edges.txt", prefix, "");
    Tensor shown = golden("edges.txt", prefix, ".imshow");
    const int H = rgb.shape[0], W = rgb.shape[1] / 3;
    // what image_read makes of the file
    Tensor x = {0};
    tensor_resize(&x, 2, H, W);
    for (size_t p = 0; p < x.size; p++) {
        const float *c = rgb.data + 3 * p;
        x.data[p] = 0.299f * (c[0] / 255.0f) + 0.587f * (c[1] / 255.0f) +
                    0.114f * (c[2] / 255.0f);
    }
    Kernel k = flt(text);
    gray_levels(&face, &x);
    Grad grad = convolve2d(&face, &k);
    uint8_t levels[64];
    stretch(levels, &grad, x.size);
    for (size_t p = 0; p < x.size; p++) {
        ck_assert_int_eq(grad.at[p], (int)want.data[p]);
        ck_assert_int_eq(levels[p], (int)shown.data[p]);
        ck_assert(grad.at[p] <= grad.at[grad.row * W + grad.col]);
    }
    mem_free(grad.at);
    release(&rgb, &face, &want, &shown, &x, NULL);
}

// SciPy's numbers, the sign and the cut toward zero among them.
START_TEST(the_lectures_code_on_a_color_picture) {
    check_case("sobel_x", "sobel_x");
    check_case("sobel_x", "1");
    check_case("sobel_x", "-1 0 1 -2 0 2 -1 0 1");
    check_case("sobel_y", "sobel_y");
    check_case("sobel_y", "2");
    check_case("typed", "0.5,-3,0.25  2,1,-1.5  0,4,-0.75");
}
END_TEST

static void check_scene(const char *name) {
    char prefix[32];
    snprintf(prefix, sizeof prefix, "scene.%s", name);
    Tensor range = golden("edges.txt", prefix, ".range");
    Tensor corner = golden("edges.txt", prefix, ".corner");
    Tensor rows = golden("edges.txt", prefix, ".rows");
    Tensor columns = golden("edges.txt", prefix, ".columns");
    Tensor x = {0}, face = {0};
    draw_scene(&x);
    gray_levels(&face, &x);
    Kernel k = flt(name);
    Grad grad = convolve2d(&face, &k);
    ck_assert_int_eq(grad.least, (int)range.data[0]);
    ck_assert_int_eq(grad.most, (int)range.data[1]);
    for (int i = 0; i < SCENE; i++) {
        int row = 0, column = 0;
        for (int j = 0; j < SCENE; j++) {
            row += grad.at[i * SCENE + j];
            column += grad.at[j * SCENE + i];
        }
        ck_assert_int_eq(row, (int)rows.data[i]);
        ck_assert_int_eq(column, (int)columns.data[i]);
    }
    for (int p = 0; p < CORNER * CORNER; p++)
        ck_assert_int_eq(grad.at[p / CORNER * SCENE + p % CORNER],
                         (int)corner.data[p]);
    mem_free(grad.at);
    release(&range, &corner, &rows, &columns, &x, &face, NULL);
}

START_TEST(the_lectures_code_on_the_house) {
    check_scene("sobel_x");
    check_scene("sobel_y");
}
END_TEST

// The code's first flt is minus the slide's G_x, the second is its G_y.
START_TEST(slide_and_code_differ_in_sign) {
    for (int n = 0; n < 9; n++) {
        ck_assert(flts[0].weights[n] == -kernels[G_X].weights[n]);
        ck_assert(flts[1].weights[n] == kernels[G_Y].weights[n]);
    }
    assert_says(flts[0].does, "minus");
    assert_never_says(flts[1].does, "minus");
}
END_TEST

START_TEST(what_is_no_flt) {
    const char *texts[] = {
        "",
        "3",
        "11",
        "sobel",
        "1 2 3 4 5 6 7 8",
        "1 2 3 4 5 6 7 8 9 10",
        "1 2 3 4 5 6 7 8 x",
        "1 2 3 4 5 6 7 8 1001",
        "1 2 3 4 5 6 7 8 nan",
        "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"};
    Kernel k;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(!find_flt(&k, texts[i]), "\"%s\" is a flt", texts[i]);
}
END_TEST

// One tone: no range to stretch, so all black.
START_TEST(stretches_one_tone_to_black) {
    int32_t same[] = {7, 7, 7}, two[] = {-5, 0, 5};
    uint8_t levels[3];
    stretch(levels, &(Grad){.at = same, .least = 7, .most = 7}, 3);
    ck_assert(levels[0] == 0 && levels[1] == 0 && levels[2] == 0);
    stretch(levels, &(Grad){.at = two, .least = -5, .most = 5}, 3);
    ck_assert(levels[0] == 0 && levels[1] == 128 && levels[2] == 255);
}
END_TEST

// ---- 5. The program ---------------------------------------------------------

START_TEST(prints_its_result) {
    Run run = run_for_result("edges");
    ck_assert_double_eq(result_value(&run, "rows"), SCENE);
    ck_assert_double_eq(result_value(&run, "cols"), SCENE);
    ck_assert_double_gt(result_value(&run, "G_x"),
                        result_value(&run, "laplacian"));
    ck_assert_double_gt(result_value(&run, "G_y"),
                        result_value(&run, "laplacian"));
}
END_TEST

// Black, white: 0 0 255 255 across. G_x is 4 at the two middle columns.
START_TEST(reads_a_picture) {
    write_text("step.pgm", "P2 4 2 255  0 0 255 255  0 0 255 255\n");
    Run run = run_well("edges --plot svg --picture step.pgm");
    ck_assert_double_eq(result_value(&run, "rows"), 2);
    ck_assert_double_eq(result_value(&run, "cols"), 4);
    ck_assert_double_eq(result_value(&run, "G_x"), 2);
    ck_assert_double_eq(result_value(&run, "G_y"), 0);
    ck_assert_int_eq(access("out/ch06/edges.csv", R_OK), 0);
    run = run_program("edges --plot none --picture step.pgm --size 2");
    ck_assert_double_eq(result_value(&run, "rows"), 1);
    ck_assert_double_eq(result_value(&run, "cols"), 2);
}
END_TEST

// 300 wide: larger than --size allows without --kernel, and kept whole. From
// 0 to 9: sobel_x is -4 * 9 beside the step, black, and 0 elsewhere, white.
START_TEST(writes_the_lectures_picture) {
    char text[1200] = "P2 300 1 255\n";
    for (int i = 0; i < 300; i++)
        strcat(text, i < 150 ? "0 " : "9 ");
    write_text("wide.pgm", text);
    Run run = run_well("edges --picture wide.pgm --kernel sobel_x "
                       "--output grad.png");
    ck_assert_double_eq(result_value(&run, "rows"), 1);
    ck_assert_double_eq(result_value(&run, "cols"), 300);
    ck_assert_double_eq(result_value(&run, "min"), -36);
    ck_assert_double_eq(result_value(&run, "max"), 0);
    // which of them is black, and which white
    assert_row(run.output, "picture: grad.png,", (const double[]){-36, 0}, 2,
               0);
    // after -2, the rest of that row of flt, and what is laid on in its place
    const double row[] = {0, 2, 2, 0, -2};
    assert_row(run.output, "-2", row, 5, 0);
    Error err;
    Tensor grad = {0};
    ck_assert(image_read(&grad, "grad.png", &err));
    ck_assert_str_eq(tensor_shape(&grad).text, "[1, 300]");
    for (int j = 0; j < 300; j++)
        ck_assert_float_eq_tol(grad.data[j], j < 149 || j > 150, 1e-6f);
    tensor_free(&grad);
}
END_TEST

START_TEST(bad_pictures_exit_1) {
    write_text("text", "no picture at all\n");
    const char *names[] = {"text", "none.png"};
    for (int i = 0; i < 2; i++) {
        Run run = run_program("edges --plot none --picture %s", names[i]);
        ck_assert_msg(run.status == 1, "%s ended with %d", names[i],
                      run.status);
        assert_says(run.output, "error: ");
        assert_says(run.output, names[i]);
        assert_never_says(run.output, "result:");
    }
}
END_TEST

// A place that cannot be written to is found when the picture is there.
START_TEST(bad_flags_exit) {
    ck_assert_int_eq(
        run_program("edges --kernel 2 --output no/grad.png").status, 1);
    ck_assert_int_eq(run_program("edges --kernel 3").status, 2);
    ck_assert_int_eq(run_program("edges --output grad.png").status, 2);
    ck_assert_int_eq(run_program("edges --size 0").status, 2);
    ck_assert_int_eq(run_program("edges text").status, 2);
}
END_TEST

int main(void) {
    const Test tests[] = {{as_scipy_convolves},
                          {answers_to_a_slope},
                          {words_agree_with_signs},
                          {no_false_edges_at_the_border},
                          {shrinks_by_whole_blocks},
                          {scene_is_a_picture},
                          {a_row_has_its_kernels_numbers},
                          {a_picture_stands_under_its_kernels_name},
                          {the_lectures_code_on_a_color_picture},
                          {the_lectures_code_on_the_house},
                          {slide_and_code_differ_in_sign},
                          {what_is_no_flt},
                          {stretches_one_tone_to_black},
                          {prints_its_result},
                          {reads_a_picture},
                          {writes_the_lectures_picture},
                          {bad_pictures_exit_1},
                          {bad_flags_exit}};
    return run_tests("edges", tests, sizeof tests / sizeof *tests);
}
