// error.h - the three kinds of error, and how each one is told.
//
//   1. A caller's bug (shapes that do not fit, a size of zero): REQUIRE().
//      It is on in every build, says what was expected, and aborts.
//   2. The outside world (a missing file, a short read, a wrong magic number):
//      the library function returns false and fills an Error for the caller.
//      It never exits, never prints, and frees whatever it had allocated.
//   3. A program that cannot go on: die(), which says what failed and what to
//      run next, and exits with 1. (Wrong usage exits with 2: see cli.h.)

#ifndef DL_ERROR_H
#define DL_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdnoreturn.h>

typedef struct {
    char message[512]; // one sentence, no newline
} Error;

// Writes the printf-style message into *err and returns false, so that a
// failing function can end with: return error_set(err, "cannot open %s", path);
bool error_set(Error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// What a program tells its reader on stderr: "warning: ..." and a newline. On a
// terminal it is broken between words before column 80. What a terminal would
// obey, in a name say, is shown as '?'. level is "warning", "error" or the like.
void say(const char *level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void say_list(const char *level, const char *format, va_list args);

// Prints "error: ..." to stderr and exits with 1. For programs only.
noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

// Prints where and what, then aborts. Use it through REQUIRE.
noreturn void require_failed(const char *file, int line, const char *condition,
                             const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// REQUIRE(a == b, "a is %d, b is %d", a, b): a promise the caller must keep.
#define REQUIRE(condition, ...)                                                \
    ((condition)                                                               \
         ? (void)0                                                             \
         : require_failed(__FILE__, __LINE__, #condition, __VA_ARGS__))

#endif
