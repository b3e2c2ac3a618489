// safetensors.h - a model's weights in a file that NumPy and PyTorch open too.
//
// Format: 8 bytes length of the header (little-endian), a JSON header
// {"__metadata__":{"crc32":"1a2b3c4d"},
// "conv1.weight":{"dtype":"F32","shape":[20,1,5,5],"data_offsets":[0,2000]},
// ...}, then the floats, row-major, little-endian. crc32 is that of the floats'
// bytes (ISO 3309, as in gzip), tensor by tensor in the order of the model; a
// file without it is read, too.
//     from safetensors.numpy import load_file; load_file("lenet.safetensors")

#ifndef DL_SAFETENSORS_H
#define DL_SAFETENSORS_H

#include <stdbool.h>

#include "error.h"
#include "params.h"

// Writes every parameter. The file is written beside its final place, synced
// and renamed, so that at any moment, also after a power cut, path holds either
// the old weights or the new ones whole. False with a message if it cannot.
bool safetensors_save(const char *path, const Params *params, Error *err);

// Reads values for every parameter of params. Names, dtype F32 and shapes must
// agree; every length is checked before it is used; params is unchanged unless
// the whole file is right. Tensors that params does not name are an error, and
// so are NaN and infinity: a net that holds them answers nonsense. So is a float
// that is not what was saved, if the file has its checksum.
bool safetensors_load(const char *path, Params *params, Error *err);

// The shape of one tensor, zeros after its last dimension: for a program whose
// model has sizes that only the file knows. False with a message if the file
// holds no such tensor, or not all of its floats.
bool safetensors_shape(const char *path, const char *name,
                       int shape[TENSOR_MAX_DIMS], Error *err);

#endif
