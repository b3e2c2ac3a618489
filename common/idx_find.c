#include "idx_find.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory.h"

enum { MAX_FILES = 256, MAX_DEPTH = 3, PATH_SIZE = 4096 };

// A file that may belong to a set. Those of one set have the same group.
typedef struct {
    char path[PATH_SIZE];
    char folder[PATH_SIZE]; // that all files of its set lie in
    char stem[32];          // what its name has before "train" or "test"
    IdxRole role;
} Candidate;

typedef struct {
    Candidate file[MAX_FILES];
    int count;
    const char *prefix; // only stems like this; NULL: any
    char others[100];   // names of what is no IDX file, for the message
} Search;

// ---- 1. One name ------------------------------------------------------------

// The place of one of two words in a name; NULL if it has neither.
static const char *find_word(const char *name, const char *a, const char *b) {
    const char *at = strstr(name, a);
    return at != NULL ? at : strstr(name, b);
}

// Understands "emnist-letters-test-images-idx3-ubyte.gz".
static bool understand(Candidate *c, const char *name) {
    char lower[256];
    size_t n = 0;
    for (; name[n] != '\0' && n < sizeof lower - 1; n++)
        lower[n] = (char)tolower((unsigned char)name[n]);
    lower[n] = '\0';
    const char *train = strstr(lower, "train");
    const char *part = train ? train : find_word(lower, "t10k", "test");
    bool images = strstr(lower, "images") && strstr(lower, "idx3");
    bool labels = strstr(lower, "labels") && find_word(lower, "idx1", "idx2");
    if (part == NULL || images == labels)
        return false;
    c->role = train ? (images ? TRAIN_IMAGES : TRAIN_LABELS)
                    : (images ? TEST_IMAGES : TEST_LABELS);
    size_t stem = (size_t)(part - lower);
    while (stem > 0 && !isalnum((unsigned char)lower[stem - 1]))
        stem--;
    snprintf(c->stem, sizeof c->stem, "%.*s", (int)stem, lower);
    return true;
}

// ---- 2. All below a folder --------------------------------------------------

// The last name of a path.
static const char *last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

// Kaggle's archive has each file in a folder of the file's own name.
static void set_folder(Candidate *c, const char *folder, const char *name) {
    const char *own = last_name(folder);
    snprintf(c->folder, sizeof c->folder, "%s", folder);
    if (own > folder && strcmp(own, name) == 0)
        c->folder[own - folder - 1] = '\0';
}

static void remember_other(Search *s, const char *name) {
    if (strlen(s->others) + strlen(name) + 3 > sizeof s->others)
        return;
    strcat(s->others, s->others[0] != '\0' ? ", " : "");
    strcat(s->others, name);
}

static void consider(Search *s, const char *folder, const char *path,
                     const char *name) {
    Candidate *c = &s->file[s->count];
    if (s->count == MAX_FILES || strlen(path) >= PATH_SIZE)
        return;
    if (!understand(c, name))
        remember_other(s, name);
    else if (s->prefix == NULL || strcmp(s->prefix, c->stem) == 0) {
        strcpy(c->path, path); // its length was checked
        set_folder(c, folder, name);
        s->count++;
    }
}

static void look_below(Search *s, const char *folder, int depth) {
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return;
    for (struct dirent *e; (e = readdir(entries)) != NULL;) {
        char path[PATH_SIZE + 256];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &info) != 0)
            continue;
        if (S_ISREG(info.st_mode))
            consider(s, folder, path, e->d_name);
        else if (S_ISDIR(info.st_mode) && depth < MAX_DEPTH &&
                 strlen(path) < PATH_SIZE)
            look_below(s, path, depth + 1);
    }
    closedir(entries);
}

// In a fixed order, whatever that of the folder is: the nearest first, and a
// plain file before a gzipped one.
static int in_order(const void *a, const void *b) {
    const Candidate *x = a, *y = b;
    size_t lx = strlen(x->folder), ly = strlen(y->folder);
    if (lx != ly)
        return lx < ly ? -1 : 1;
    return strcmp(x->path, y->path);
}

// Looks in `where`, or for the sets beside it that begin like its last name.
static void search(Search *s, const char *where, char prefix[PATH_SIZE]) {
    struct stat info;
    char folder[PATH_SIZE];
    s->count = 0;
    s->prefix = NULL;
    s->others[0] = '\0';
    snprintf(folder, sizeof folder, "%s", where);
    if (stat(where, &info) != 0 && strlen(where) < PATH_SIZE) {
        snprintf(prefix, PATH_SIZE, "%s", last_name(where));
        s->prefix = prefix;
        size_t before = (size_t)(last_name(where) - where);
        snprintf(folder, sizeof folder, "%.*s",
                 before > 1 ? (int)before - 1 : 1, before > 0 ? where : ".");
    }
    look_below(s, folder, 1);
    qsort(s->file, (size_t)s->count, sizeof s->file[0], in_order);
}

// ---- 3. Sets ----------------------------------------------------------------

static bool same_set(const Candidate *a, const Candidate *b) {
    return strcmp(a->folder, b->folder) == 0 && strcmp(a->stem, b->stem) == 0;
}

// Fills set with the files that belong to file[first]; how many of the four.
static int gather(IdxSet *set, const Search *s, int first) {
    int found = 0;
    *set = (IdxSet){.name = ""};
    for (int i = 0; i < s->count; i++) {
        const Candidate *c = &s->file[i];
        if (!same_set(c, &s->file[first]) || set->path[c->role][0] != '\0')
            continue;
        snprintf(set->path[c->role], sizeof set->path[0], "%s", c->path);
        found++;
    }
    return found;
}

// "emnist-letters" by its stem; else by the folder: "fashion" for data/fashion,
// "mnist" for MNIST/raw. Letters, digits and dashes only: it becomes a word of
// the result line.
static void name_set(IdxSet *set, const Candidate *c) {
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", c->folder);
    for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/';)
        folder[--n] = '\0';
    if (strcmp(last_name(folder), "raw") == 0 && last_name(folder) > folder)
        folder[last_name(folder) - folder - 1] = '\0';
    const char *name = c->stem[0] != '\0' ? c->stem : last_name(folder);
    size_t n = 0;
    for (; name[n] != '\0' && n < sizeof set->name - 1; n++) {
        unsigned char letter = (unsigned char)name[n];
        set->name[n] = isalnum(letter) ? (char)tolower(letter) : '-';
    }
    set->name[n] = '\0';
    if (set->name[0] == '\0' || strspn(set->name, "-") == n)
        strcpy(set->name, "idx");
}

static bool nothing_found(const Search *s, const char *where, Error *err) {
    if (s->prefix != NULL)
        return error_set(err,
                         "%.300s is no folder, and no set of IDX files begins "
                         "with that",
                         where);
    bool csv = strstr(s->others, ".csv") != NULL;
    return error_set(err,
                     "%.300s holds no IDX files (train-images-idx3-ubyte and "
                     "so on)%s%s%s",
                     where, s->others[0] != '\0' ? " but " : "", s->others,
                     csv ? "; README.md, Data, says how to make IDX of CSV"
                         : "");
}

static bool incomplete(const Search *s, const IdxSet *set, const char *where,
                       Error *err) {
    static const char *const names[IDX_FILES] = {
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    int role = 0;
    while (set->path[role][0] != '\0')
        role++;
    return error_set(err,
                     "%.300s has no %s, nor a file of that kind under another "
                     "name; what is there: %s",
                     where, names[role], last_name(s->file[0].path));
}

// Two sets of which neither is meant: in one folder, or in two below the one
// that was named.
static bool are_rivals(const Candidate *chosen, const Candidate *other,
                       const char *where) {
    if (same_set(chosen, other))
        return false;
    return strcmp(chosen->folder, other->folder) == 0 ||
           strcmp(chosen->folder, where) != 0;
}

// What --data would have to be to mean this set.
static void say_where(char text[PATH_SIZE + 40], const Candidate *c) {
    snprintf(text, PATH_SIZE + 40, "%s%s%s", c->folder,
             c->stem[0] != '\0' ? "/" : "", c->stem);
}

// The first complete set, unless there is a rival.
static bool choose(IdxSet *set, const Search *s, const char *where,
                   Error *err) {
    int chosen = -1;
    for (int i = 0; i < s->count; i++) {
        const Candidate *c = &s->file[i];
        if (gather(set, s, i) < IDX_FILES)
            continue;
        if (chosen < 0) {
            chosen = i;
        } else if (are_rivals(&s->file[chosen], c, where)) {
            char one[PATH_SIZE + 40], other[PATH_SIZE + 40];
            say_where(one, &s->file[chosen]);
            say_where(other, c);
            return error_set(err,
                             "%.100s holds several sets; name one: --data "
                             "%.150s, or --data %.150s",
                             where, one, other);
        }
    }
    gather(set, s, chosen < 0 ? 0 : chosen);
    if (chosen < 0)
        return incomplete(s, set, where, err);
    name_set(set, &s->file[chosen]);
    return true;
}

bool idx_find(IdxSet *set, const char *where, Error *err) {
    Search *s = mem_alloc(1, sizeof *s); // too large for some stacks
    char prefix[PATH_SIZE];
    search(s, where, prefix);
    bool ok = s->count > 0 ? choose(set, s, where, err)
                           : nothing_found(s, where, err);
    mem_free(s);
    return ok;
}

bool idx_is_there(const char *where) {
    Search *s = mem_alloc(1, sizeof *s);
    char prefix[PATH_SIZE];
    search(s, where, prefix);
    bool there = s->count > 0;
    mem_free(s);
    return there;
}
