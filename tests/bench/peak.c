// peak.c - the ceiling: what the register tile reaches on operands in L1.

#include "train.h"

#include <math.h>

#include "kernels.h"
#include "memory.h"

double peak_rate(void) {
    const Kernels *k = kernels();
    enum { K = 128 };
    float *x = mem_alloc(2 * K * 32, sizeof *x), *c = mem_alloc(14 * 32, 4);
    Sum sum = {{1, 1, K}, {0, 0, k->width}, {0, 0, k->nr}};
    double best = 0;
    for (int r = 0; r < 20; r++) {
        double start = seconds_now();
        for (int i = 0; i < 2000; i++)
            k->tile(k->mr, k->nr, c, k->nr, false, x, 1, x + K * 32, &sum);
        double flops = 2.0 * k->mr * k->nr * K * 2000;
        best = fmax(best, flops / (seconds_now() - start) * 1e-9);
    }
    mem_free(x);
    mem_free(c);
    return best;
}
