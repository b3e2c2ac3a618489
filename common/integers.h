// integers.h - the arithmetic of cutting things into blocks.

#ifndef DL_INTEGERS_H
#define DL_INTEGERS_H

static inline int min_int(int a, int b) {
    return a < b ? a : b;
}
static inline int max_int(int a, int b) {
    return a > b ? a : b;
}

// How many blocks of b cover a; a >= 0, b > 0.
static inline int ceil_div(int a, int b) {
    return (a + b - 1) / b;
}

#endif
