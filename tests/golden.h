// golden.h - what make_golden.py computed, read back.
//
// A golden file is a list of tensors, each a line "name [2, 3]" and its numbers
// (tests/golden/, made by PyTorch in double precision). A name that is not
// there fails the test. The files are read anew each time: they are small.

#ifndef DL_GOLDEN_H
#define DL_GOLDEN_H

#include "messages.h"
#include "tensor.h"

// The tensor called prefix + name, "linear" and ".dx"; the caller frees it.
Tensor golden(const char *file, const char *prefix, const char *name);

// One number of it; [0] of a tensor with a single one. In double.
double golden_number(const char *file, const char *prefix, const char *name,
                     size_t index);

#define golden(...)        FROM_HERE(golden(__VA_ARGS__))
#define golden_number(...) FROM_HERE(golden_number(__VA_ARGS__))

#endif
