// diagnosis.h - what is wrong with a training that went wrong.

#ifndef DL_DIAGNOSIS_H
#define DL_DIAGNOSIS_H

#include "progress.h"
#include "tensor.h"

// After the last epoch: compares its training loss, a cross entropy, with that
// of guessing, ln(classes), and with earlier epochs. Says what is wrong, if
// anything is, and which flag to change. The result line then has
//     trouble=dead      all of hidden is 0: no ReLU lets a gradient through
//     trouble=exploded  the loss is more than twice that of guessing
//     trouble=rising    it is more than twice that of an earlier epoch
//     trouble=guessing  in the second half of the epoch it is hardly below it
// hidden: the last hidden layer's output for some batch [N, units], after a
// ReLU; NULL if the net has no ReLU. lr: the value of --lr. Silent after a stop.
// The first steps of a good training may be wild, or too few to learn anything.
// In fewer than 50, guessing is no trouble, and exploded is 4 times that of guessing.
void diagnose(const Progress *p, int classes, const Tensor *hidden, float lr);

#endif
