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
    if (stop_requested() || p->batch == 0)
        return;
    double loss = p->loss / p->batch, guessing = log(classes);
    double late = p->late / (p->batch - p->batches / 2);
    bool few = p->epoch * p->batches < FEW_STEPS;
    if (hidden != NULL && is_dead(hidden))
        run_trouble("dead",
                    "all %d units of the last hidden layer are 0 for every "
                    "input (dead ReLUs), so no gradient reaches their weights; "
                    "start again with a smaller --lr (it was %g)",
                    hidden->shape[1], (double)lr);
    else if (late > (few ? 4.0 : 2.0) * guessing)
        run_trouble("exploded",
                    "the training loss is %.4g, that of guessing ln %d = %.3f: "
                    "the steps are too long; try a smaller --lr (it was %g)",
                    late, classes, guessing, (double)lr);
    else if (p->best > 0 && loss > 2.0 * p->best && loss > 0.25 * guessing)
        run_trouble("rising",
                    "the training loss rose to %.3f; in an earlier epoch it "
                    "was %.3f: try a smaller --lr (it was %g)",
                    loss, p->best, (double)lr);
    else if (late > 0.9 * guessing && !few)
        run_trouble("guessing",
                    "the training loss is %.3f, that of guessing ln %d = %.3f: "
                    "little was learned; try another --lr (it was %g) or more "
                    "--epochs",
                    late, classes, guessing, (double)lr);
}
