#include "safetensors.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "file.h"
#include "json.h"
#include "memory.h"

enum {
    LENGTH_SIZE = 8,      // bytes of the number in front of the header
    ENTRY_SIZE = 160,     // at most, of one header entry without its name
    CRC_DIGITS = 8,       // of a CRC-32 as text
    HEADER_MAX = 64 << 20 // bytes
};

// ---- numbers as bytes, little-endian on any machine -------------------------

static void put_bytes(uint8_t *to, uint64_t number, int count) {
    for (int i = 0; i < count; i++)
        to[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get_bytes(const uint8_t *from, int count) {
    uint64_t number = 0;
    for (int i = 0; i < count; i++)
        number |= (uint64_t)from[i] << (8 * i);
    return number;
}

// A float's bits are copied, not converted: NaN and -0 survive too.
static void put_floats(uint8_t *to, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        put_bytes(to + 4 * i, bits, 4);
    }
}

static void get_floats(float *x, const uint8_t *from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)get_bytes(from + 4 * i, 4);
        memcpy(&x[i], &bits, sizeof bits);
    }
}

// ---- saving -----------------------------------------------------------------

static void crc_text(char text[CRC_DIGITS + 1], uLong crc) {
    snprintf(text, CRC_DIGITS + 1, "%08lx", crc);
}

// Writes {"__metadata__":{"crc32":"1a2b3c4d"},
// "name":{"dtype":"F32","shape":[10,784],"data_offsets":[0,31360]},... and
// returns its length: a multiple of 8 by spaces at the end, so that the floats
// lie aligned for whoever maps the file into memory.
static size_t write_header(char *text, const Params *params, const char *crc) {
    size_t begin = 0;
    size_t n =
        (size_t)sprintf(text, "{\"__metadata__\":{\"crc32\":\"%s\"}", crc);
    for (int p = 0; p < params->count; p++) {
        const Tensor *t = params->table[p].value;
        n += (size_t)sprintf(text + n, ",\"%s\":{\"dtype\":\"F32\",\"shape\":",
                             params->table[p].name);
        for (int d = 0; d < t->ndim; d++)
            n += (size_t)sprintf(text + n, "%c%d", d == 0 ? '[' : ',',
                                 t->shape[d]);
        size_t end = begin + t->size * sizeof(float);
        n += (size_t)sprintf(text + n, "],\"data_offsets\":[%zu,%zu]}", begin,
                             end);
        begin = end;
    }
    text[n++] = '}';
    while (n % 8 != 0)
        text[n++] = ' ';
    return n;
}

bool safetensors_save(const char *path, const Params *params, Error *err) {
    size_t room = LENGTH_SIZE + ENTRY_SIZE + 4 * params->value.size;
    for (int p = 0; p < params->count; p++)
        room += ENTRY_SIZE + strlen(params->table[p].name);
    FileBytes file = {.bytes = mem_alloc_raw(room, 1)};

    // The header comes before the floats, and holds their checksum: its length
    // first, then they, then itself.
    char *header = (char *)file.bytes + LENGTH_SIZE, crc[CRC_DIGITS + 1];
    size_t length = write_header(header, params, "00000000");
    uint8_t *data = file.bytes + LENGTH_SIZE + length;
    put_bytes(file.bytes, length, LENGTH_SIZE);
    put_floats(data, params->value.data, params->value.size);
    crc_text(crc, crc32_z(0, data, 4 * params->value.size));
    write_header(header, params, crc);
    file.size = LENGTH_SIZE + length + 4 * params->value.size;

    bool ok = file_replace(path, &file, err);
    file_free(&file);
    return ok;
}

// ---- loading ----------------------------------------------------------------

// A load in hand. Nothing is copied into params before the end.
typedef struct {
    const char *path; // for messages
    const Params *params;
    Json json;         // cursor in the header
    const char *start; // of the header
    size_t data_size;  // bytes after the header
    size_t *begin;     // of each parameter in those bytes; NOT_SEEN until then
    Word crc;          // of those bytes, as the header has it
    Error *err;
} Load;

static const size_t NOT_SEEN = SIZE_MAX;

// What the header says of one tensor.
typedef struct {
    Word dtype;
    uint64_t shape[TENSOR_MAX_DIMS];
    int ndim; // may be larger than TENSOR_MAX_DIMS
    uint64_t offsets[2];
    int offset_count;
} Entry;

static bool not_understood(const Load *load) {
    return error_set(load->err,
                     "%s is damaged, or not a safetensors file: its header is "
                     "not understood from byte %td on; save the weights again",
                     load->path, load->json.at - load->start + LENGTH_SIZE);
}

// {"dtype": "F32", "shape": [10, 784], "data_offsets": [0, 31360]}, in any
// order.
static bool read_entry(Json *json, Entry *entry) {
    *entry = (Entry){0};
    if (!json_sign(json, '{'))
        return false;
    do {
        Word key;
        if (!json_word(json, &key) || !json_sign(json, ':'))
            return false;
        bool ok = false;
        if (word_is(key, "dtype"))
            ok = json_word(json, &entry->dtype);
        else if (word_is(key, "shape"))
            ok = json_list(json, entry->shape, TENSOR_MAX_DIMS, &entry->ndim);
        else if (word_is(key, "data_offsets"))
            ok = json_list(json, entry->offsets, 2, &entry->offset_count);
        if (!ok)
            return false;
    } while (json_sign(json, ','));
    return json_sign(json, '}');
}

static int find_param(const Params *params, Word name) {
    for (int p = 0; p < params->count; p++)
        if (word_is(name, params->table[p].name))
            return p;
    return -1;
}

static bool has_shape_of(const Entry *entry, const Tensor *t) {
    bool same = entry->ndim == t->ndim;
    for (int d = 0; same && d < t->ndim; d++)
        same = entry->shape[d] == (uint64_t)t->shape[d];
    return same;
}

// Compares an entry with the parameter of that name and notes where it begins.
// A damaged file and a file of another model get different advice: to save the
// weights again, or to choose other options.
static bool accept_entry(Load *load, Word name, const Entry *entry) {
    int p = find_param(load->params, name);
    if (p < 0)
        return error_set(load->err,
                         "%s holds \"%.*s\", which this model does not have; "
                         "load it into the model that saved it",
                         load->path, name.length < 80 ? name.length : 80,
                         name.text);
    const Tensor *t = load->params->table[p].value;
    const char *own_name = load->params->table[p].name;
    if (load->begin[p] != NOT_SEEN)
        return error_set(load->err, "%s is damaged: it lists %s twice",
                         load->path, own_name);
    if (!word_is(entry->dtype, "F32"))
        return error_set(load->err,
                         "%s: %s is not stored as F32; convert it to 32-bit "
                         "floats first",
                         load->path, own_name);
    if (!has_shape_of(entry, t))
        return error_set(load->err,
                         "%s: %s does not have the shape %s of this model; "
                         "load it with the options it was trained with",
                         load->path, own_name, tensor_shape(t).text);
    const uint64_t *at = entry->offsets;
    if (entry->offset_count != 2 || at[0] > at[1] || at[1] > load->data_size ||
        at[1] - at[0] != t->size * sizeof(float))
        return error_set(load->err,
                         "%s is damaged or cut short: the data_offsets of %s "
                         "do not fit; save the weights again",
                         load->path, own_name);
    load->begin[p] = (size_t)at[0];
    return true;
}

// "name": {...}: a tensor's entry, or metadata.
static bool read_item(Load *load, Word *name, Entry *entry, bool *metadata) {
    Json *json = &load->json;
    if (!json_word(json, name) || !json_sign(json, ':'))
        return false;
    *metadata = word_is(*name, "__metadata__");
    return *metadata ? json_words(json, "crc32", &load->crc)
                     : read_entry(json, entry);
}

// Walks through the header once; each tensor is judged as it comes.
static bool read_header(Load *load) {
    Json *json = &load->json;
    if (!json_sign(json, '{'))
        return not_understood(load);
    do {
        Word name;
        Entry entry;
        bool metadata;
        if (!read_item(load, &name, &entry, &metadata))
            return not_understood(load);
        if (!metadata && !accept_entry(load, name, &entry))
            return false;
    } while (json_sign(json, ','));
    if (!json_sign(json, '}') || json->at != json->end)
        return not_understood(load);
    return true;
}

// Every parameter must be there, none may lie over another, and together they
// are all of the data.
static bool check_layout(const Load *load) {
    const Params *params = load->params;
    for (int p = 0; p < params->count; p++) {
        if (load->begin[p] == NOT_SEEN)
            return error_set(load->err,
                             "%s does not hold %s; load it into the model that "
                             "saved it",
                             load->path, params->table[p].name);
        for (int q = 0; q < p; q++) {
            size_t p_end = load->begin[p] + 4 * params->table[p].value->size;
            size_t q_end = load->begin[q] + 4 * params->table[q].value->size;
            if (load->begin[p] < q_end && load->begin[q] < p_end)
                return error_set(load->err, "%s is damaged: %s lies over %s",
                                 load->path, params->table[p].name,
                                 params->table[q].name);
        }
    }
    if (load->data_size != 4 * params->value.size)
        return error_set(load->err,
                         "%s is damaged: it has %zu bytes of data and the "
                         "model %zu; save the weights again",
                         load->path, load->data_size, 4 * params->value.size);
    return true;
}

// Finds header and data in the file.
static bool find_header(Load *load, const FileBytes *file) {
    uint64_t length = 0;
    if (file->size >= LENGTH_SIZE)
        length = get_bytes(file->bytes, LENGTH_SIZE);
    if (length == 0 || length > HEADER_MAX || length > file->size - LENGTH_SIZE)
        return error_set(load->err,
                         "%s is cut short, or not a safetensors file: it has "
                         "%zu bytes; save the weights again",
                         load->path, file->size);
    load->start = (const char *)file->bytes + LENGTH_SIZE;
    load->json = (Json){load->start, load->start + length};
    load->data_size = file->size - LENGTH_SIZE - (size_t)length;
    return true;
}

static bool read_saved(FileBytes *file, const char *path, size_t limit,
                       Error *err) {
    if (file_read(file, path, limit, err))
        return true;
    Error cause = *err;
    return error_set(err, "%.400s; train and save the weights first",
                     cause.message);
}

// A bit that was flipped on its way moves one weight, and nothing else shows it.
// The tensors may lie in another order than they were saved in.
static bool check_crc(const Load *load, const uint8_t *data) {
    char text[CRC_DIGITS + 1];
    uLong crc = 0;
    for (int p = 0; p < load->params->count; p++)
        crc = crc32_z(crc, data + load->begin[p],
                      4 * load->params->table[p].value->size);
    crc_text(text, crc);
    return load->crc.text == NULL || word_is(load->crc, text) ||
           error_set(load->err,
                     "%s is damaged: its weights are not those that were saved "
                     "(their CRC-32 is %s, crc32 in its metadata says %.*s)",
                     load->path, text,
                     load->crc.length < 8 ? load->crc.length : 8,
                     load->crc.text);
}

// The first parameter that holds a NaN or an infinity, or NULL. All
// bits of a float's exponent are 1 in these, and in no number.
static const char *first_not_finite(const Load *load, const uint8_t *data) {
    for (int p = 0; p < load->params->count; p++) {
        const ParamSpec *spec = &load->params->table[p];
        const uint8_t *from = data + load->begin[p];
        for (size_t i = 0; i < spec->value->size; i++)
            if ((get_bytes(from + 4 * i, 4) & 0x7f800000) == 0x7f800000)
                return spec->name;
    }
    return NULL;
}

static bool check_finite(const Load *load, const uint8_t *data) {
    const char *name = first_not_finite(load, data);
    return name == NULL ||
           error_set(load->err,
                     "%s: %s holds NaN or infinity, so the training that saved "
                     "it had failed; train again with a smaller --lr",
                     load->path, name);
}

bool safetensors_load(const char *path, Params *params, Error *err) {
    FileBytes file;
    if (!read_saved(&file, path, 4 * params->value.size + HEADER_MAX, err))
        return false;
    size_t count = (size_t)params->count;
    Load load = {.path = path, .params = params, .err = err};
    load.begin = mem_alloc_raw(count, sizeof *load.begin);
    for (size_t p = 0; p < count; p++)
        load.begin[p] = NOT_SEEN;

    bool ok =
        find_header(&load, &file) && read_header(&load) && check_layout(&load);
    const uint8_t *data = file.bytes + file.size - load.data_size;
    ok = ok && check_crc(&load, data) && check_finite(&load, data);
    for (size_t p = 0; ok && p < count; p++) {
        Tensor *t = params->table[p].value;
        get_floats(t->data, data + load.begin[p], t->size);
    }
    mem_free(load.begin);
    file_free(&file);
    return ok;
}

// ---- asking -----------------------------------------------------------------

// The entry of that name, if its bytes are there.
static bool find_entry(Load *load, const char *wanted, Entry *entry) {
    Json *json = &load->json;
    if (!json_sign(json, '{'))
        return not_understood(load);
    do {
        Word name;
        bool metadata;
        if (!read_item(load, &name, entry, &metadata))
            return not_understood(load);
        if (!metadata && word_is(name, wanted))
            return true;
    } while (json_sign(json, ','));
    return error_set(load->err,
                     "%s does not hold %s; load it into the model that saved "
                     "it",
                     load->path, wanted);
}

// A shape is believed only if the data is there, float by float.
static bool accept_shape(const Load *load, const char *name, const Entry *entry,
                         int shape[TENSOR_MAX_DIMS]) {
    const uint64_t most = load->data_size / sizeof(float);
    uint64_t size = 1;
    bool ok = entry->ndim >= 1 && entry->ndim <= TENSOR_MAX_DIMS;
    for (int d = 0; ok && d < TENSOR_MAX_DIMS; d++) {
        uint64_t n = d < entry->ndim ? entry->shape[d] : 1;
        ok = n >= 1 && n <= INT_MAX && n <= most / size;
        size *= ok ? n : 1;
        shape[d] = d < entry->ndim ? (int)n : 0;
    }
    const uint64_t *at = entry->offsets;
    if (!ok || entry->offset_count != 2 || at[0] > at[1] ||
        at[1] > load->data_size || at[1] - at[0] != size * sizeof(float))
        return error_set(load->err,
                         "%s is damaged or cut short: the shape of %s does "
                         "not fit its data; save the weights again",
                         load->path, name);
    return true;
}

bool safetensors_shape(const char *path, const char *name,
                       int shape[TENSOR_MAX_DIMS], Error *err) {
    FileBytes file;
    if (!read_saved(&file, path, INT_MAX, err))
        return false;
    Load load = {.path = path, .err = err};
    Entry entry;
    bool ok = find_header(&load, &file) && find_entry(&load, name, &entry) &&
              accept_shape(&load, name, &entry, shape);
    file_free(&file);
    return ok;
}
