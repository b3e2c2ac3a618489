#define TEST_HELPER
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"

// The whole file as text; released by free.
static char *read_file(const char *file) {
    Path path = golden_path(file);
    FILE *in = fopen(path.text, "r");
    ck_assert_msg(in != NULL, "cannot open %s", path.text);
    fseek(in, 0, SEEK_END);
    long size = ftell(in);
    rewind(in);
    char *text = calloc((size_t)size + 1, 1);
    ck_assert(size > 0 && fread(text, 1, (size_t)size, in) == (size_t)size);
    fclose(in);
    return text;
}

// What stands behind the line "<prefix><name> [": its shape and the numbers.
static const char *find(const char *text, const char *prefix,
                        const char *name) {
    char key[128];
    int length = snprintf(key, sizeof key, "\n%s%s [", prefix, name);
    ck_assert(length > 0 && (size_t)length < sizeof key);
    const char *found = strstr(text, key);
    ck_assert_msg(found != NULL, "no golden tensor %s%s", prefix, name);
    return found + length;
}

// Reads "2, 3]"; returns what follows it.
static const char *read_shape(const char *at, Tensor *t) {
    int shape[TENSOR_MAX_DIMS] = {1, 1, 1, 1}, ndim = 0;
    for (char *end; at[-1] != ']'; at = end + 1) {
        ck_assert_int_lt(ndim, TENSOR_MAX_DIMS);
        shape[ndim++] = (int)strtol(at, &end, 10);
        ck_assert(end > at && (*end == ',' || *end == ']'));
    }
    tensor_resize(t, ndim, shape[0], shape[1], shape[2], shape[3]);
    return at;
}

static double read_number(const char **at) {
    char *end;
    double number = strtod(*at, &end);
    ck_assert_msg(end > *at, "a number is missing at: %.30s", *at);
    *at = end;
    return number;
}

Tensor golden(const char *file, const char *prefix, const char *name) {
    char *text = read_file(file);
    Tensor t = {0};
    const char *at = read_shape(find(text, prefix, name), &t);
    for (size_t i = 0; i < t.size; i++)
        t.data[i] = (float)read_number(&at);
    free(text);
    return t;
}

double golden_number(const char *file, const char *prefix, const char *name,
                     size_t index) {
    char *text = read_file(file);
    Tensor t = {0};
    const char *at = read_shape(find(text, prefix, name), &t);
    ck_assert_uint_lt(index, t.size);
    for (size_t i = 0; i < index; i++)
        read_number(&at);
    double number = read_number(&at);
    tensor_free(&t);
    free(text);
    return number;
}
