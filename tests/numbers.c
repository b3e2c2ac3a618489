#define TEST_HELPER
#include "numbers.h"

#include <math.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "kernels.h"
#include "testing.h"

// The finalizer of MurmurHash3 (Appleby): every bit of i moves every bit of h.
static uint32_t hash(uint32_t seed, size_t i) {
    uint32_t h = (uint32_t)i + seed * 0x9e3779b9u;
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ h >> 16;
}

float noise(uint32_t seed, size_t i) {
    return (float)((int)(hash(seed, i) >> 8) - (1 << 23)) * 0x1p-23f;
}

void fill_noise(float *x, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++)
        x[i] = noise(seed, i);
}

void fill_whole(float *x, size_t n, int most, uint32_t seed) {
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((int)(hash(seed, i) % (uint32_t)(2 * most + 1)) - most);
}

// Whole pages that hold n floats.
static size_t pages(size_t n) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n * sizeof(float) + page - 1) / page * page;
}

float *guarded(size_t n) {
    size_t page = pages(1), room = pages(n);
    char *block = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(block != MAP_FAILED, "no memory for %zu floats", n);
    REQUIRE(mprotect(block + room, page, PROT_NONE) == 0, "no guard page");
    return (float *)(void *)(block + room - n * sizeof(float));
}

void guarded_free(float *x, size_t n) {
    char *end = (char *)(x + n);
    munmap(end - pages(n), pages(n) + pages(1));
}

Tensor noise_tensor(uint32_t seed, int d0, int d1, int d2, int d3) {
    const int d[] = {d0, d1, d2, d3};
    int ndim = 0;
    size_t size = 1;
    while (ndim < 4 && d[ndim] > 0)
        size *= (size_t)d[ndim++];
    float *data = guarded(size);
    fill_noise(data, size, seed);
    return tensor_view(data, ndim, d0, d1, d2, d3);
}

void release(Tensor *first, ...) {
    va_list more;
    va_start(more, first);
    for (Tensor *t = first; t != NULL; t = va_arg(more, Tensor *))
        tensor_free(t);
    va_end(more);
}

bool use_kernel(int i) {
    Error err;
    const Kernels *kernel = kernels_available(i);
    if (kernel != NULL)
        ck_assert_msg(kernels_choose(kernel->name, &err), "%s", err.message);
    return kernel != NULL;
}

void assert_within(const float *got, const float *want, const float *allowed,
                   size_t n, const char *what) {
    for (size_t i = 0; i < n; i++) {
        double apart = fabs((double)got[i] - (double)want[i]);
        if (!(apart <= (double)allowed[i]))
            fail_here("%s, %s: [%zu] is %.9g, not %.9g (%.3g apart, %.3g "
                      "allowed)%s",
                      kernels()->name, what, i, (double)got[i], (double)want[i],
                      apart, (double)allowed[i], guess_numbers(got, want, n));
    }
}
