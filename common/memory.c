#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

enum { ALIGNMENT = 64 };

// A process has one memory: so this stands here.
static const char *advice = "close other programs, or use a larger machine";

const char *mem_advise(const char *text) {
    const char *before = advice;
    advice = text;
    return before;
}

void *mem_alloc_raw(size_t count, size_t size) {
    if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size)
        die("out of memory: %zu x %zu bytes is more than can be addressed",
            count, size);
    size_t bytes = count * size;
    // aligned_alloc wants a multiple of the alignment; one line at the least
    bytes = (bytes / ALIGNMENT + 1) * ALIGNMENT;
    void *block = aligned_alloc(ALIGNMENT, bytes);
    if (block == NULL)
        die("out of memory: another %.3g MiB are needed; %s",
            (double)bytes / 0x1p20, advice);
    return block;
}

void *mem_alloc(size_t count, size_t size) {
    void *block = mem_alloc_raw(count, size);
    memset(block, 0, count * size);
    return block;
}

void mem_free(void *block) {
    free(block);
}
