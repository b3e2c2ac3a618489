// tensor.h: who owns which memory, and that wrong shapes are stopped at once.

#include "testing.h"

#include <limits.h>
#include <string.h>

#include "tensor.h"

// ---- 1. Memory -------------------------------------------------------------

START_TEST(resize_gives_shape_and_memory) {
    Tensor t = {0};
    tensor_resize(&t, 3, 2, 3, 5);
    ck_assert_int_eq(t.ndim, 3);
    ck_assert_int_eq(t.shape[0], 2);
    ck_assert_int_eq(t.shape[1], 3);
    ck_assert_int_eq(t.shape[2], 5);
    ck_assert_int_eq(t.shape[3], 1);
    ck_assert_uint_eq(t.size, 30);
    tensor_fill(&t, 7.0f);
    for (size_t i = 0; i < t.size; i++)
        ck_assert_float_eq(t.data[i], 7.0f);
    tensor_free(&t);
}
END_TEST

START_TEST(resize_keeps_memory) {
    Tensor t = {0};
    tensor_resize(&t, 2, 10, 10);
    float *data = t.data;
    tensor_resize(&t, 2, 3, 4); // the last, smaller batch of a pass
    ck_assert_ptr_eq(t.data, data);
    ck_assert_uint_eq(t.size, 12);
    ck_assert_uint_eq(t.capacity, 100);
    tensor_resize(&t, 1, 100); // and back, in another shape
    ck_assert_ptr_eq(t.data, data);
    ck_assert_int_eq(t.ndim, 1);
    ck_assert_int_eq(t.shape[1], 1);
    tensor_resize(&t, 1, 101);
    ck_assert_uint_eq(t.capacity, 101);
    tensor_free(&t);
}
END_TEST

START_TEST(free_makes_empty) {
    Tensor t = {0};
    tensor_resize(&t, 2, 4, 4);
    tensor_free(&t);
    ck_assert_ptr_null(t.data);
    ck_assert_int_eq(t.ndim, 0);
    ck_assert_uint_eq(t.size + t.capacity, 0);
    tensor_free(&t); // and once more does no harm
}
END_TEST

START_TEST(view_borrows) {
    float data[6] = {1, 2, 3, 4, 5, 6};
    Tensor row = tensor_view(data + 3, 2, 1, 3);
    ck_assert_float_eq(row.data[0], 4.0f);
    ck_assert_uint_eq(row.size, 3);
    ck_assert_uint_eq(row.capacity, 0);
    tensor_fill(&row, 0.0f); // writes into the owner's memory
    ck_assert_float_eq(data[2], 3.0f);
    ck_assert_float_eq(data[5], 0.0f);
    tensor_free(&row); // must not free an array on the stack
    ck_assert_float_eq(data[0], 1.0f);
}
END_TEST

START_TEST(view_shrinks) {
    float data[12] = {0};
    Tensor t = tensor_view(data, 2, 4, 3);
    tensor_resize(&t, 2, 2, 3);
    ck_assert_ptr_eq(t.data, data);
    ck_assert_uint_eq(t.size, 6);
}
END_TEST

// ---- 2. Element by element -------------------------------------------------

START_TEST(copy_and_add) {
    float from[4] = {1, 2, 3, 4};
    const Tensor source = tensor_view(from, 2, 2, 2);
    Tensor t = {0};
    tensor_copy(&t, &source);
    ck_assert(tensor_same_shape(&t, &source));
    ck_assert_ptr_ne(t.data, from);
    tensor_add(&t, &source);
    const float doubled[4] = {2, 4, 6, 8};
    ck_assert_mem_eq(t.data, doubled, sizeof doubled);
    ck_assert_float_eq(from[3], 4.0f);
    tensor_free(&t);
}
END_TEST

START_TEST(same_shape_looks_at_every_dimension) {
    float data[24] = {0};
    const Tensor a = tensor_view(data, 3, 2, 3, 4);
    const Tensor b = tensor_view(data, 3, 2, 4, 3);
    const Tensor c = tensor_view(data, 2, 6, 4);
    const Tensor d = tensor_view(data, 4, 2, 3, 4, 1);
    ck_assert(tensor_same_shape(&a, &a));
    ck_assert(!tensor_same_shape(&a, &b));
    ck_assert(!tensor_same_shape(&a, &c));
    ck_assert(!tensor_same_shape(&a, &d));
}
END_TEST

START_TEST(shape_as_text) {
    float x = 0;
    Tensor t = tensor_view(&x, 4, 64, 1, 28, 28);
    ck_assert_str_eq(tensor_shape(&t).text, "[64, 1, 28, 28]");
    for (int i = 0; i < 4; i++)
        t.shape[i] = INT_MAX; // the longest there is
    ck_assert_str_eq(tensor_shape(&t).text,
                     "[2147483647, 2147483647, 2147483647, 2147483647]");
    ck_assert_str_eq(tensor_shape(&(Tensor){0}).text, "[]");
}
END_TEST

// ---- 3. A caller's bugs ----------------------------------------------------

START_TEST(zero_dimension_aborts) {
    Tensor t = {0};
    tensor_resize(&t, 2, 3, 0);
}
END_TEST

START_TEST(no_dimension_aborts) {
    Tensor t = {0};
    tensor_resize(&t, 0);
}
END_TEST

START_TEST(five_dimensions_abort) {
    Tensor t = {0};
    tensor_resize(&t, 5, 1, 1, 1, 1, 1);
}
END_TEST

START_TEST(too_large_aborts) {
    Tensor t = {0};
    tensor_resize(&t, 4, INT_MAX, INT_MAX, INT_MAX, INT_MAX);
}
END_TEST

START_TEST(growing_view_aborts) {
    float data[6] = {0};
    Tensor t = tensor_view(data, 2, 2, 3);
    tensor_resize(&t, 2, 3, 3);
}
END_TEST

static void add_unlike_shapes(void) {
    float data[6] = {0};
    Tensor a = tensor_view(data, 2, 2, 3);
    const Tensor b = tensor_view(data, 2, 3, 2);
    tensor_add(&a, &b);
}

START_TEST(bug_message_shows_both_shapes) {
    Run run = run_function(add_unlike_shapes);
    ck_assert_int_eq(run.status, 128 + SIGABRT);
    assert_says(run.output, "a is [2, 3], b is [3, 2]");
}
END_TEST

// 3, 4 and 12 have the norm 13; the square of 1e-30 is 0 in float.
START_TEST(norm_of_all_elements) {
    float data[] = {3, -4, 12}, small[] = {1e-30f};
    const Tensor t = tensor_view(data, 2, 3, 1);
    const Tensor s = tensor_view(small, 1, 1);
    ck_assert_double_eq(tensor_norm(&t), 13);
    ck_assert_double_eq_tol(tensor_norm(&s), 1e-30, 1e-37);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {resize_gives_shape_and_memory},
        {resize_keeps_memory},
        {free_makes_empty},
        {view_borrows},
        {view_shrinks},
        {copy_and_add},
        {norm_of_all_elements},
        {same_shape_looks_at_every_dimension},
        {shape_as_text},
        {zero_dimension_aborts, .signal = SIGABRT},
        {no_dimension_aborts, .signal = SIGABRT},
        {five_dimensions_abort, .signal = SIGABRT},
        {too_large_aborts, .signal = SIGABRT},
        {growing_view_aborts, .signal = SIGABRT},
        {bug_message_shows_both_shapes},
    };
    return run_tests("tensor", tests, sizeof tests / sizeof *tests);
}
