#include "checkpoint.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "memory.h"

static const char magic[] = "deep learning in C, checkpoint 1\n";
enum { MAX_LINE = 64, CRC_LINE = 13 }; // "crc 1a2b3c4d\n"

// ---- 1. What a run must share with the one it continues ---------------------

// The first word in which the settings differ: "epochs=3".
static Error first_difference(const char *there, const char *here) {
    size_t i = 0;
    for (size_t j = 0; there[j] == here[j] && there[j] != '\0'; j++)
        i = there[j] == ' ' ? j + 1 : i;
    Error words;
    error_set(&words, "it has %.*s, this run %.*s",
              (int)strcspn(there + i, " \n"), there + i,
              (int)strcspn(here + i, " \n"), here + i);
    return words;
}

// ---- 2. Reading -------------------------------------------------------------

// Magic and CRC: that the file is ours, and whole.
static bool is_whole(const FileBytes *file) {
    size_t start = strlen(magic);
    if (file->size < start + CRC_LINE || memcmp(file->bytes, magic, start) != 0)
        return false;
    char line[CRC_LINE + 1];
    size_t body = file->size - CRC_LINE;
    snprintf(line, sizeof line, "crc %08lx\n", crc32_z(0, file->bytes, body));
    return memcmp(file->bytes + body, line, CRC_LINE) == 0;
}

static bool read_old(Checkpoint *c, Error *err) {
    if (!file_read(&c->old, c->source, (size_t)1 << 30, err))
        return false;
    if (!is_whole(&c->old))
        return error_set(err,
                         "%.400s is damaged, or no checkpoint; start again "
                         "without --resume",
                         c->source);
    const char *there = (const char *)c->old.bytes + strlen(magic);
    size_t length = strcspn(there, "\n");
    if (length == strlen(c->settings) &&
        memcmp(there, c->settings, length) == 0)
        return true;
    return error_set(err,
                     "%.200s is of another run: %.200s; give it the same "
                     "flags",
                     c->source, first_difference(there, c->settings).message);
}

bool checkpoint_init(Checkpoint *c, const char *path, const char *resume,
                     const char *settings, const void *data, size_t size,
                     Error *err) {
    *c = (Checkpoint){.path = path != NULL ? path : resume, .source = resume};
    if (c->path == NULL)
        return true;
    snprintf(c->settings, sizeof c->settings, "%s data=%08lx", settings,
             crc32_z(0, data, size));
    if (path != NULL && !file_is(path, resume) && access(path, F_OK) == 0)
        return error_set(err,
                         "%.200s exists; continue it with --resume, or delete "
                         "it",
                         path);
    if (resume != NULL && !read_old(c, err)) {
        checkpoint_free(c);
        return false;
    }
    return true;
}

void checkpoint_free(Checkpoint *c) {
    file_free(&c->old);
    *c = (Checkpoint){0};
}

// The block of that name in the old file: "name size\n", then the bytes. NULL
// if there is none of that size.
static const uint8_t *find_block(const FileBytes *old, const char *name,
                                 size_t size) {
    const char *at = (const char *)old->bytes + strlen(magic);
    const char *end = (const char *)old->bytes + old->size - CRC_LINE;
    at += strcspn(at, "\n") + 1; // the settings
    while (at < end) {
        size_t word = strcspn(at, " "), line = strcspn(at, "\n");
        size_t bytes = strtoull(at + word, NULL, 10);
        const char *data = at + line + 1;
        if (word == strlen(name) && memcmp(at, name, word) == 0)
            return bytes == size && bytes <= (size_t)(end - data)
                       ? (const uint8_t *)data
                       : NULL;
        at = bytes < (size_t)(end - data) ? data + bytes : end;
    }
    return NULL;
}

// ---- 3. The state -----------------------------------------------------------

void checkpoint_item(Checkpoint *c, const char *name, void *data, size_t size) {
    int i = 0;
    while (i < c->count && strcmp(c->item[i].name, name) != 0)
        i++;
    REQUIRE(i < MAX_CHECKPOINT_ITEMS, "more than %d items", i);
    REQUIRE(strlen(name) + 24 < MAX_LINE, "%s is too long a name", name);
    c->item[i].name = name;
    c->item[i].data = data;
    c->item[i].size = size;
    c->count += i == c->count;
}

void checkpoint_model(Checkpoint *c, Params *params, Optimizer *optimizer,
                      Rng *rng) {
    optimizer_reserve(optimizer, &params->value);
    size_t bytes = params->value.size * sizeof(float);
    checkpoint_item(c, "weights", params->value.data, bytes);
    checkpoint_item(c, "optimizer.m", optimizer->m.data, bytes);
    checkpoint_item(c, "optimizer.v", optimizer->v.data, bytes);
    checkpoint_item(c, "optimizer.step", &optimizer->step,
                    sizeof optimizer->step);
    checkpoint_item(c, "rng", rng, sizeof *rng);
}

// ---- 4. Writing and restoring -----------------------------------------------

static void append(FileBytes *file, const void *data, size_t size) {
    memcpy(file->bytes + file->size, data, size);
    file->size += size;
}

static void append_line(FileBytes *file, const char *line) {
    append(file, line, strlen(line));
}

void checkpoint_save(const Checkpoint *c) {
    if (c->path == NULL)
        return;
    size_t room = strlen(magic) + sizeof c->settings + 1 + CRC_LINE;
    for (int i = 0; i < c->count; i++)
        room += MAX_LINE + c->item[i].size;
    FileBytes file = {.bytes = mem_alloc_raw(room, 1)};
    char line[MAX_LINE];
    append_line(&file, magic);
    append_line(&file, c->settings);
    append_line(&file, "\n");
    for (int i = 0; i < c->count; i++) {
        snprintf(line, sizeof line, "%s %zu\n", c->item[i].name,
                 c->item[i].size);
        append_line(&file, line);
        append(&file, c->item[i].data, c->item[i].size);
    }
    snprintf(line, sizeof line, "crc %08lx\n",
             crc32_z(0, file.bytes, file.size));
    append_line(&file, line);

    Error err;
    if (!file_replace(c->path, &file, &err))
        say("warning", "no checkpoint: %s", err.message);
    file_free(&file);
}

void checkpoint_start(Checkpoint *c) {
    for (int i = 0; i < c->count && c->source != NULL; i++) {
        const uint8_t *block =
            find_block(&c->old, c->item[i].name, c->item[i].size);
        if (block == NULL)
            die("%s does not hold %zu bytes of %s; start again without "
                "--resume",
                c->source, c->item[i].size, c->item[i].name);
        memcpy(c->item[i].data, block, c->item[i].size);
    }
    if (c->source == NULL || !file_is(c->path, c->source))
        checkpoint_save(c);
}
