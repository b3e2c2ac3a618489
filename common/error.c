#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "text.h"

enum { LINE_WIDTH = 80 };

bool error_set(Error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return false;
}

void say_list(const char *level, const char *format, va_list args) {
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    text_make_plain(text); // it may quote a name or an argument
    int column = fprintf(stderr, "%s: ", level);
    if (isatty(STDERR_FILENO))
        text_print_wrapped(stderr, text, column, 4, LINE_WIDTH);
    else
        fprintf(stderr, "%s\n", text);
}

void say(const char *level, const char *format, ...) {
    va_list args;
    va_start(args, format);
    say_list(level, format, args);
    va_end(args);
}

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say_list("error", format, args);
    va_end(args);
    exit(1);
}

void require_failed(const char *file, int line, const char *condition,
                    const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: required: %s\n    ", file, line, condition);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}
