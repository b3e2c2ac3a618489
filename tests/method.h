// method.h - data that shows how a program learned, not only how well.
//
// The arithmetic of a program can be right and its method wrong: it learns from
// the digits it is tested on, or is tested on those it learned from, or takes
// them in the same order in every epoch. On ordinary data each of these looks
// like a good score. So the digits here are spoiled, each time in a way that
// only a wrong method can notice.

#ifndef DL_METHOD_H
#define DL_METHOD_H

#include "data.h"
#include "params.h"
#include "tensor.h"
#include "testing.h"

// What a result line means: the number it gives if every answer is right, and
// the one it gives if every answer is wrong.
typedef struct {
    double right, wrong;
} Scale;
static const Scale ACCURACY = {1, 0}, ERROR_RATE = {0, 1},
                   ERROR_PERCENT = {0, 100};

// Each of these runs a program, say "mlp --epochs 3", on 1,000 training and 500
// test digits, and looks at a number of its result line.

// Every test label is one too high (0 for 9). Who was tested on digits that he
// had never seen is then right in less than 20 of 100 answers.
void assert_test_is_unseen(const char *command_line, const char *name,
                           Scale scale);

// The last `held` training digits are bars, each class another one. Who kept
// them for validation reads less than half of them.
void assert_validation_is_unseen(const char *command_line, const char *name,
                                 Scale scale, int held);

// All training digits 0 come first, then all 1, and so on. Who shuffles them is
// right in more than `least` of all answers (0.6); who does not forgets the
// zeros while he looks at the nines.
void assert_shuffles(const char *command_line, const char *name, Scale scale,
                     double least);

// What --data synthetic --limit `limit` gives; digits_free releases it.
Digits synthetic_digits(int limit, uint64_t seed);

// `count` digits, and as test digits the same pictures, every label one too
// high. Who knows the training digits by heart is wrong in all test digits,
// after as little training as that takes. least: the test error in per cent
// that those reach who learned but a part.
void few_digits(Digits *digits, int count);
void assert_few_are_wrong(double error, double least);

// After turn_labels(&digits.test): the test error is above 80 %.
void assert_turned_are_wrong(double error);

// The same to a set in memory, for a program whose task comes from no file.
void turn_labels(Dataset *set);
void turn_into_bars(Dataset *set, int first);

// All pictures of a set as one batch, in their order; batches_free ends it.
Batches one_batch(const Dataset *set);

// Each label becomes what a net answers, the largest of its logits [count, K]:
// who computes the same answers again makes no mistake.
void label_as_answered(Dataset *set, const Tensor *logits);

// The gradient of each tensor of a net is the slope of the loss, in one step of
// length h along it (grad_check_along): no relative error of `off` or more.
void assert_slopes_along(double (*loss)(void *context), void *context,
                         const Params *params, double h, double off);

// Runs a program on these two sets, which are freed: on bars, say, in place of
// the test digits.
Run run_on_sets(const char *command_line, Dataset *train, Dataset *test);

#define synthetic_digits(...)      FROM_HERE(synthetic_digits(__VA_ARGS__))
#define assert_test_is_unseen(...) FROM_HERE(assert_test_is_unseen(__VA_ARGS__))
#define assert_validation_is_unseen(...)                                       \
    FROM_HERE(assert_validation_is_unseen(__VA_ARGS__))
#define assert_few_are_wrong(...) FROM_HERE(assert_few_are_wrong(__VA_ARGS__))
#define assert_turned_are_wrong(...)                                           \
    FROM_HERE(assert_turned_are_wrong(__VA_ARGS__))
#define assert_slopes_along(...) FROM_HERE(assert_slopes_along(__VA_ARGS__))
#define run_on_sets(...)         FROM_HERE(run_on_sets(__VA_ARGS__))
#define assert_shuffles(...)     FROM_HERE(assert_shuffles(__VA_ARGS__))

#endif
