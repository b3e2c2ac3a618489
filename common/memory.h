// memory.h - checked, zeroed, cache-line-aligned allocation.
//
// Whoever calls mem_alloc owns the block and gives it back with mem_free.

#ifndef DL_MEMORY_H
#define DL_MEMORY_H

#include <stddef.h>

// count * size bytes, all zero, aligned to 64 (one cache line, and one AVX-512
// register). Never returns NULL: a product that overflows, or a machine that
// has no more memory, ends the program with a message that names the amount.
void *mem_alloc(size_t count, size_t size);

// The same, but with whatever the memory held before: for blocks that are
// written whole before they are read, where clearing would be wasted time.
void *mem_alloc_raw(size_t count, size_t size);

// What that message advises, in words that go on from "out of memory: ...; ";
// they must stay valid. Returns what it advised before. (cli.h sets it for a
// program that has --batch or --limit.)
const char *mem_advise(const char *advice);

// Gives the block back. mem_free(NULL) does nothing.
void mem_free(void *block);

#endif
