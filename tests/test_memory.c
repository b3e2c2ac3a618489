// memory.h: blocks are aligned and zeroed; what cannot be had ends the program
// with a message instead of a NULL that nobody checks.

#include "testing.h"

#include <stdint.h>
#include <string.h>

#include "memory.h"

START_TEST(blocks_are_aligned) {
    for (size_t count = 0; count < 200; count++) {
        void *block = mem_alloc_raw(count, 3);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 64, 0);
        mem_free(block);
    }
}
END_TEST

// The same sizes twice over, dirtied in between, so that memory is used again.
START_TEST(blocks_are_zero) {
    for (size_t round = 0; round < 2; round++)
        for (size_t size = 1; size < 5000; size = size * 3 + 1) {
            unsigned char *block = mem_alloc(size, 1), any = 0;
            for (size_t i = 0; i < size; i++)
                any |= block[i];
            ck_assert_uint_eq(any, 0);
            memset(block, 0xff, size);
            mem_free(block);
        }
}
END_TEST

// Under AddressSanitizer this also shows that nothing is promised too much.
START_TEST(whole_block_is_usable) {
    double *block = mem_alloc(1001, sizeof *block);
    for (int i = 0; i < 1001; i++)
        block[i] = i;
    ck_assert_double_eq(block[1000], 1000);
    mem_free(block);
    mem_free(NULL);
}
END_TEST

static void ask_for_more_than_size_t_holds(void) {
    mem_alloc(SIZE_MAX / 4 + 1, 4); // the product is 0 modulo 2^64
}

START_TEST(overflow_dies_with_a_message) {
    Run run = run_function(ask_for_more_than_size_t_holds);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "more than can be addressed");
}
END_TEST

// Half of all addresses. Two of the four GiB of a 32-bit machine might be free,
// so there it is one byte too many for malloc; elsewhere valgrind takes such a
// number for a negative one, so there it is less.
static const size_t TOO_MUCH =
    SIZE_MAX > UINT32_MAX ? SIZE_MAX / 2 - 128 : SIZE_MAX / 2 + 1;

static void ask_for_more_than_any_machine_has(void) {
    mem_alloc_raw(TOO_MUCH, 1);
}

START_TEST(exhaustion_dies_with_a_message) {
    Run run = run_function(ask_for_more_than_any_machine_has);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "out of memory");
}
END_TEST

static void ask_with_advice(void) {
    mem_advise("try a smaller --batch");
    mem_alloc_raw(TOO_MUCH, 1);
}

START_TEST(the_program_advises) {
    Run run = run_function(ask_with_advice);
    assert_says(run.output, " MiB are needed; try a smaller --batch\n");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {blocks_are_aligned},
        {blocks_are_zero},
        {whole_block_is_usable},
        {overflow_dies_with_a_message},
        {exhaustion_dies_with_a_message},
        {the_program_advises},
    };
    return run_tests("memory", tests, sizeof tests / sizeof *tests);
}
