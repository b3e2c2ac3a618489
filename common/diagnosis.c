#include "diagnosis.h"

#include <math.h>

#include "run.h"

enum { FEW_STEPS = 50 };

static bool is_dead(const Tensor *hidden) {
    for (size_t i = 0; i < hidden->size; i++)
        if (hidden->data[i] != 0.0f)
            return false;
    return true;
}

void diagnose(const Progress *p, int classes, const Tensor *hidden, float lr) {
    if (stop_requested() || p->batch == 0 || p->epoch * p->batches < FEW_STEPS)
        return;
    double loss = p->loss / p->batch, guessing = log(classes);
    if (hidden != NULL && is_dead(hidden))
        run_trouble("dead",
                    "all %d units of the last hidden layer are 0 for every "
                    "input (dead ReLUs), so no gradient reaches their weights; "
                    "start again with a smaller --lr (it was %g)",
                    hidden->shape[1], (double)lr);
    else if (loss > 2.0 * guessing)
        run_trouble("exploded",
                    "the training loss is %.4g, that of guessing ln %d = %.3f: "
                    "the steps are too long; try a smaller --lr (it was %g)",
                    loss, classes, guessing, (double)lr);
    else if (loss > 0.95 * guessing)
        run_trouble("guessing",
                    "the training loss is %.3f, that of guessing ln %d = %.3f: "
                    "nothing was learned; try a smaller --lr (it was %g) or "
                    "more --epochs",
                    loss, classes, guessing, (double)lr);
}
