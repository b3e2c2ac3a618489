#include "params.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "blas.h"
#include "error.h"
#include "memory.h"

// A table leaves the dimensions after the last one out: they are zeros.
static int dims_of(const ParamSpec *spec) {
    int ndim = 0;
    while (ndim < TENSOR_MAX_DIMS && spec->shape[ndim] != 0)
        ndim++;
    return ndim;
}

// spec's part of a flat array, which begins at data
static Tensor slice(float *data, const ParamSpec *spec) {
    const int *s = spec->shape;
    return tensor_view(data, dims_of(spec), s[0], s[1], s[2], s[3]);
}

// A name becomes a key in the file of weights, so it must be there only once
// and need no escapes in JSON.
static void check_name(const ParamSpec *table, int index) {
    const char *name = table[index].name;
    REQUIRE(name != NULL && name[0] != '\0', "entry %d has no name", index);
    for (const char *c = name; *c != '\0'; c++)
        REQUIRE(*c > ' ' && *c <= '~' && *c != '"' && *c != '\\',
                "the name of entry %d has the character 0x%02x", index,
                (unsigned)(unsigned char)*c);
    for (int i = 0; i < index; i++)
        REQUIRE(strcmp(table[i].name, name) != 0,
                "entries %d and %d are both called %s", i, index, name);
}

void params_init(Params *params, const ParamSpec *table, int count) {
    REQUIRE(count > 0, "the table has %d entries", count);
    *params = (Params){.count = count};
    params->table = mem_alloc((size_t)count, sizeof *table);
    memcpy(params->table, table, (size_t)count * sizeof *table);

    // tensor_view checks each shape and works out its size; no data yet
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        check_name(table, i);
        total += slice(NULL, &table[i]).size;
        REQUIRE(total <= INT32_MAX, "%zu parameters are too many", total);
    }
    tensor_resize(&params->value, 1, (int)total);
    tensor_resize(&params->grad, 1, (int)total);

    // Now that the arrays are there, the model's tensors become parts of them.
    size_t begin = 0;
    for (int i = 0; i < count; i++) {
        *table[i].value = slice(params->value.data + begin, &table[i]);
        *table[i].grad = slice(params->grad.data + begin, &table[i]);
        begin += table[i].value->size;
    }
}

void params_free(Params *params) {
    // The model's tensors were views of what goes away now.
    for (int i = 0; i < params->count; i++) {
        *params->table[i].value = (Tensor){0};
        *params->table[i].grad = (Tensor){0};
    }
    tensor_free(&params->value);
    tensor_free(&params->grad);
    mem_free(params->table);
    *params = (Params){0};
}

void params_init_he(Params *params, Rng *rng) {
    for (int p = 0; p < params->count; p++) {
        Tensor *w = params->table[p].value;
        // fan_in: shape[0] counts the outputs, the rest is what each one sees
        bool is_weight = w->ndim >= 2;
        size_t fan_in = w->size / (size_t)w->shape[0];
        float deviation = is_weight ? sqrtf(2.0f / (float)fan_in) : 0.0f;
        for (size_t i = 0; i < w->size; i++)
            w->data[i] = is_weight ? deviation * rng_normal(rng) : 0.0f;
    }
}

float params_clip_grad_norm(Params *params, float most) {
    Tensor *g = &params->grad;
    float length = sqrtf(sdot((int)g->size, g->data, g->data));
    if (length > most)
        sscal((int)g->size, most / length, g->data);
    return length;
}
