// class_names.h - what the classes of a set of pictures are called.

#ifndef DL_CLASS_NAMES_H
#define DL_CLASS_NAMES_H

#include <stdbool.h>

#include "error.h"
#include "metrics.h"

typedef struct {
    bool from_file;
    char name[MAX_CLASSES][24]; // "0", "1", ... without a file
} ClassNames;

// Reads folder/classes.txt, a name on each line, class 0 first ("#" begins a
// remark); or EMNIST's folder/<set>-mapping.txt, lines of a label and the
// character's code ("1 65 97": A). Without either, the classes are called by
// their numbers. False with a message if a file has not as many names as there
// are classes.
bool class_names_load(ClassNames *names, const char *folder, const char *set,
                      int classes, Error *err);

#endif
