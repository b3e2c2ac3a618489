// messages.h - what a failed check says: what was got, what was wanted, how
// many times as much that is, and a guess where one is plain.
//
// Check's own words are "Assertion 'fabsl(2.2 - e[APPLE].grad) < 1e-12' failed:
// e[APPLE].grad == 10, 2.2 == 2.2, ...". Its macros for numbers and texts keep
// their names and say instead:
//
//     e[APPLE].grad is 10, not 2.2 (7.8 apart, 1e-12 allowed): 4.54545 times as
//     much
//
// A check in a helper that several files share (assert_close) is told with the
// line of the test that called it: the helper defines TEST_HELPER before it
// includes this, and its header has the caller note its line:
//
//     #define assert_close(...) FROM_HERE(assert_close(__VA_ARGS__))

#ifndef DL_MESSAGES_H
#define DL_MESSAGES_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include "gradcheck.h"

// ---- Where ------------------------------------------------------------------

#ifdef TEST_HELPER
#define HERE            NULL, 0
#define FROM_HERE(call) (call)
#else
#define HERE            __FILE__, __LINE__
#define FROM_HERE(call) (at_line(HERE), call)
#endif

// Notes which line of the test is in hand; a NULL changes nothing. at_check
// also counts how often a check there was made: who fails in a loop is told so.
void at_line(const char *file, int line);
void at_check(const char *file, int line);

// Where lines are noted from here on: the runner has them noted in memory that
// it shares with the test, and so knows the last one of a test that crashed.
typedef struct {
    const char *file;
    int line;
} Place;
void note_lines_in(Place *place);

// Ends the test, at the line noted last.
noreturn void fail_here(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

// ---- What -------------------------------------------------------------------

typedef enum { EQUAL, UNEQUAL, BELOW, AT_MOST, ABOVE, AT_LEAST } Relation;

// got RELATION want must hold; with a tolerance, |got - want| < tolerance. The
// texts are those of the program's source.
void check_double(const char *file, int line, double got, const char *got_text,
                  Relation relation, double want, const char *want_text,
                  const double *tolerance);
void check_int(const char *file, int line, intmax_t got, const char *got_text,
               Relation relation, intmax_t want, const char *want_text);
void check_uint(const char *file, int line, uintmax_t got, const char *got_text,
                Relation relation, uintmax_t want, const char *want_text);
void check_text(const char *file, int line, const char *got,
                const char *got_text, const char *want);
void check_words(const char *file, int line, const char *got,
                 const char *got_text, bool there, const char *words);

// What a wrong number looks like, as words to add to a message, or "": "the
// sign is wrong", "5 times too large". Static memory.
const char *guess_number(double got, double want);

// The same for n numbers: one factor for all of them, an order that is another
// one (transposed, backwards, one place further on), all zero.
const char *guess_numbers(const float *got, const float *want, size_t n);

// A gradient is the slope of its loss: grad_check found no relative error of
// `off` or more, at most `kinks` elements left out, and some gradient above
// `least`, without which nothing was tested.
void assert_slopes(const char *what, const GradCheck *g, double off,
                   double least, size_t kinks);

#define assert_slopes(...) FROM_HERE(assert_slopes(__VA_ARGS__))

// ---- Check's macros, said better --------------------------------------------

// The left side is computed first, as in Check: it may change the right one.
#define CHECK(function, type, x, x_text, relation, y, ...)                     \
    do {                                                                       \
        type ck_left = (type)(x);                                              \
        function(HERE, ck_left, x_text, relation, (type)(y), __VA_ARGS__);     \
    } while (0)
#define CHECK_NEAR(type, x, x_text, y, y_text, tolerance)                      \
    CHECK(check_double, type, x, x_text, EQUAL, y, y_text,                     \
          &(const double){tolerance})

#undef ck_assert_double_eq
#undef ck_assert_double_ne
#undef ck_assert_double_lt
#undef ck_assert_double_le
#undef ck_assert_double_gt
#undef ck_assert_double_ge
#undef ck_assert_double_eq_tol
#define ck_assert_double_eq(x, y)                                              \
    CHECK(check_double, double, x, #x, EQUAL, y, #y, NULL)
#define ck_assert_double_ne(x, y)                                              \
    CHECK(check_double, double, x, #x, UNEQUAL, y, #y, NULL)
#define ck_assert_double_lt(x, y)                                              \
    CHECK(check_double, double, x, #x, BELOW, y, #y, NULL)
#define ck_assert_double_le(x, y)                                              \
    CHECK(check_double, double, x, #x, AT_MOST, y, #y, NULL)
#define ck_assert_double_gt(x, y)                                              \
    CHECK(check_double, double, x, #x, ABOVE, y, #y, NULL)
#define ck_assert_double_ge(x, y)                                              \
    CHECK(check_double, double, x, #x, AT_LEAST, y, #y, NULL)
#define ck_assert_double_eq_tol(x, y, tolerance)                               \
    CHECK_NEAR(double, x, #x, y, #y, tolerance)

#undef ck_assert_float_eq
#undef ck_assert_float_ne
#undef ck_assert_float_lt
#undef ck_assert_float_le
#undef ck_assert_float_gt
#undef ck_assert_float_ge
#undef ck_assert_float_eq_tol
#define ck_assert_float_eq(x, y)                                               \
    CHECK(check_double, float, x, #x, EQUAL, y, #y, NULL)
#define ck_assert_float_ne(x, y)                                               \
    CHECK(check_double, float, x, #x, UNEQUAL, y, #y, NULL)
#define ck_assert_float_lt(x, y)                                               \
    CHECK(check_double, float, x, #x, BELOW, y, #y, NULL)
#define ck_assert_float_le(x, y)                                               \
    CHECK(check_double, float, x, #x, AT_MOST, y, #y, NULL)
#define ck_assert_float_gt(x, y)                                               \
    CHECK(check_double, float, x, #x, ABOVE, y, #y, NULL)
#define ck_assert_float_ge(x, y)                                               \
    CHECK(check_double, float, x, #x, AT_LEAST, y, #y, NULL)
#define ck_assert_float_eq_tol(x, y, tolerance)                                \
    CHECK_NEAR(float, x, #x, y, #y, tolerance)

#undef ck_assert_int_eq
#undef ck_assert_int_ne
#undef ck_assert_int_lt
#undef ck_assert_int_le
#undef ck_assert_int_gt
#undef ck_assert_int_ge
#define ck_assert_int_eq(x, y) CHECK(check_int, intmax_t, x, #x, EQUAL, y, #y)
#define ck_assert_int_ne(x, y) CHECK(check_int, intmax_t, x, #x, UNEQUAL, y, #y)
#define ck_assert_int_lt(x, y) CHECK(check_int, intmax_t, x, #x, BELOW, y, #y)
#define ck_assert_int_le(x, y) CHECK(check_int, intmax_t, x, #x, AT_MOST, y, #y)
#define ck_assert_int_gt(x, y) CHECK(check_int, intmax_t, x, #x, ABOVE, y, #y)
#define ck_assert_int_ge(x, y)                                                 \
    CHECK(check_int, intmax_t, x, #x, AT_LEAST, y, #y)

#undef ck_assert_uint_eq
#undef ck_assert_uint_ne
#undef ck_assert_uint_lt
#undef ck_assert_uint_le
#undef ck_assert_uint_gt
#undef ck_assert_uint_ge
#define ck_assert_uint_eq(x, y)                                                \
    CHECK(check_uint, uintmax_t, x, #x, EQUAL, y, #y)
#define ck_assert_uint_ne(x, y)                                                \
    CHECK(check_uint, uintmax_t, x, #x, UNEQUAL, y, #y)
#define ck_assert_uint_lt(x, y)                                                \
    CHECK(check_uint, uintmax_t, x, #x, BELOW, y, #y)
#define ck_assert_uint_le(x, y)                                                \
    CHECK(check_uint, uintmax_t, x, #x, AT_MOST, y, #y)
#define ck_assert_uint_gt(x, y)                                                \
    CHECK(check_uint, uintmax_t, x, #x, ABOVE, y, #y)
#define ck_assert_uint_ge(x, y)                                                \
    CHECK(check_uint, uintmax_t, x, #x, AT_LEAST, y, #y)

#undef ck_assert_str_eq
#define ck_assert_str_eq(x, y)                                                 \
    do {                                                                       \
        const char *ck_left = (x);                                             \
        check_text(HERE, ck_left, #x, (y));                                    \
    } while (0)

// These words stand somewhere in the text, or nowhere.
#define assert_says(text, words) check_words(HERE, text, #text, true, words)
#define assert_never_says(text, words)                                         \
    check_words(HERE, text, #text, false, words)

#undef ck_assert_ptr_nonnull
#undef ck_assert_ptr_null
#define ck_assert_ptr_nonnull(x) ck_assert_msg((x) != NULL, "not there: %s", #x)
#define ck_assert_ptr_null(x)    ck_assert_msg((x) == NULL, "must not be: %s", #x)

#undef ck_assert
#undef ck_assert_msg
#define ck_assert(x) ck_assert_msg(x, "this does not hold: %s", #x)
#define ck_assert_msg(x, ...)                                                  \
    (at_check(HERE), (x) ? (void)0 : fail_here(__VA_ARGS__))
#undef ck_abort_msg
#define ck_abort_msg(...) (at_line(HERE), fail_here(__VA_ARGS__))

#endif
