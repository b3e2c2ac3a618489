// kernels.c - which table this machine runs.

#include "kernels.h"

#include <stdlib.h>
#include <string.h>

extern const Kernels kernels_portable, kernels_avx2, kernels_avx512;

Sum sum_of(int n0, ptrdiff_t a0, ptrdiff_t b0, int n1, ptrdiff_t a1,
           ptrdiff_t b1, int n2, ptrdiff_t a2, ptrdiff_t b2) {
    Sum s = {{n0, n1, n2}, {a0, a1, a2}, {b0, b1, b2}};
    for (int round = 0; round < 2; round++)
        for (int i = 2; i > 0; i--)
            if (s.n[i] == 1) {
                s.n[i] = s.n[i - 1], s.n[i - 1] = 1;
                s.a[i] = s.a[i - 1], s.b[i] = s.b[i - 1];
            }
    return s;
}

Strip strip_at(Deal deal, int t) {
    bool longer = t < deal.longer;
    return (Strip){t * deal.even + (longer ? t : deal.longer),
                   deal.even + longer};
}

Strip strip_of(int t, int strips, int m) {
    return strip_at(deal_of(strips, m), t);
}

// The one global of this library: written once, by the first call.
static const Kernels *chosen;

#if defined(__x86_64__)
// __builtin_cpu_supports asks the processor, and XGETBV whether the operating
// system saves the wide registers when it switches between programs.
static bool machine_has(const Kernels *k) {
    if (k == &kernels_avx512)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq");
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

const Kernels *kernels_available(int i) {
    const Kernels *found[4] = {&kernels_portable};
#if defined(__x86_64__)
    int count = 1;
    if (machine_has(&kernels_avx2))
        found[count++] = &kernels_avx2;
    if (machine_has(&kernels_avx512))
        found[count++] = &kernels_avx512;
#endif
    return i >= 0 && i < 4 ? found[i] : NULL;
}

bool kernels_choose(const char *name, Error *err) {
    bool best = name == NULL || *name == '\0';
    char names[64] = "";
    for (int i = 0; kernels_available(i) != NULL; i++) {
        const Kernels *k = kernels_available(i);
        if (best || strcmp(name, k->name) == 0)
            chosen = k;
        strcat(strcat(names, " "), k->name);
    }
    if (!best && (chosen == NULL || strcmp(name, chosen->name) != 0))
        return error_set(err, "DL_KERNEL=%s is not on this machine; it has:%s",
                         name, names);
    return true;
}

const Kernels *kernels(void) {
    Error err;
    if (chosen == NULL)
        REQUIRE(kernels_choose(getenv("DL_KERNEL"), &err), "%s", err.message);
    return chosen;
}
