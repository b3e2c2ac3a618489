// LeNet as a whole: logits, loss and gradients against PyTorch in double
// precision (tests/golden/lenet.txt), central differences through all layers,
// and the program with good arguments and bad ones.

#include "spy.h"

#define main lenet_main
#include "ch06_cnn/lenet.c"
#undef main

#include "figures.h"
#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digits.h"
#include "golden.h"
#include "gradcheck.h"
#include "method.h"
#include "numbers.h"
#include "photos.h"
#include "tables.h"
#include "threads.h"

// ---- 1. One step against PyTorch --------------------------------------------

// The net and the batch of lenet.txt: weights and three pictures of noise.
typedef struct {
    LeNet net;
    Tensor x; // [3, 1, 28, 28]
    int labels[3];
} Step;

static void step_init(Step *s) {
    // one scale per entry of lenet_init's table, as in make_golden.py
    const float scales[] = {0.5f,    0.0625f, 0.125f, 0.0625f,
                            0.0625f, 0.0625f, 0.125f, 0.0625f};
    uint32_t seed = (uint32_t)golden_number("lenet.txt", "", "seed", 0);
    Rng rng;
    rng_seed(&rng, 1);
    *s = (Step){.labels = {7, 0, 3}};
    lenet_init(&s->net, 10, &rng);
    for (int p = 0; p < s->net.params.count; p++) {
        Tensor *w = s->net.params.table[p].value;
        fill_noise(w->data, w->size, seed + (uint32_t)p);
        for (size_t i = 0; i < w->size; i++)
            w->data[i] *= scales[p];
    }
    s->x = noise_tensor(seed + 8, 3, 1, 28, 28);
    for (size_t i = 0; i < s->x.size; i++)
        s->x.data[i] = (s->x.data[i] + 1) / 2;
}

static void step_free(Step *s) {
    lenet_free(&s->net);
    guarded_free(s->x.data, s->x.size);
}

static float step_loss(Step *s) {
    lenet_forward(&s->net, &s->x);
    return softmax_cross_entropy(&s->net.dlogits, &s->net.logits, s->labels);
}

START_TEST(logits_and_loss_as_in_pytorch) {
    Step s;
    step_init(&s);
    Tensor want = golden("lenet.txt", "", "logits");
    Tensor allowed = golden("lenet.txt", "", "logits.allowed");
    double loss = golden_number("lenet.txt", "", "loss", 0);
    double apart = golden_number("lenet.txt", "", "loss.allowed", 0);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        double got = (double)step_loss(&s);
        ck_assert(tensor_same_shape(&s.net.logits, &want));
        assert_within(s.net.logits.data, want.data, allowed.data, 30, "logits");
        ck_assert_double_eq_tol(got, loss, apart);
    }
    release(&want, &allowed, NULL);
    step_free(&s);
}
END_TEST

// Twelve elements of a gradient, the four largest among them; and the sums of
// all, plain and absolute, so that no element is left unlooked at.
static void check_gradient(const ParamSpec *p) {
    const float *grad = p->grad->data;
    Tensor index = golden("lenet.txt", p->name, ".index");
    Tensor want = golden("lenet.txt", p->name, ".value");
    Tensor allowed = golden("lenet.txt", p->name, ".allowed");
    float got[12];
    ck_assert_uint_eq(index.size, 12);
    for (int i = 0; i < 12; i++)
        got[i] = grad[(size_t)golden_number("lenet.txt", p->name, ".index",
                                            (size_t)i)];
    assert_within(got, want.data, allowed.data, 12, p->name);

    double sum = 0, size = 0;
    for (size_t i = 0; i < p->grad->size; i++)
        sum += (double)grad[i], size += fabs((double)grad[i]);
    double apart = golden_number("lenet.txt", p->name, ".sums", 2);
    ck_assert_double_eq_tol(
        sum, golden_number("lenet.txt", p->name, ".sums", 0), apart);
    ck_assert_double_eq_tol(
        size, golden_number("lenet.txt", p->name, ".sums", 1), apart);
    ck_assert_double_gt(size, 100 * apart); // or nothing was compared
    release(&index, &want, &allowed, NULL);
}

START_TEST(gradients_as_in_pytorch) {
    Step s;
    step_init(&s);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        tensor_fill(&s.net.params.grad, 9); // to be overwritten
        step_loss(&s);
        lenet_backward(&s.net);
        for (int p = 0; p < s.net.params.count; p++)
            check_gradient(&s.net.params.table[p]);
    }
    step_free(&s);
}
END_TEST

// ---- 2. One step against central differences --------------------------------

static double difference_loss(void *context) {
    return (double)step_loss(context);
}

// An ulp of the loss, 4.5, is 2^-21; a few of them over 2 h = 2^-9 are 1e-3, or
// 2 % of 0.06, the smallest |num| + |ana| that counts. In the convolutions a
// weight acts on hundreds of pixels, of which some always stand near a kink: a
// ReLU or a maximum that switches within the step. That bends the difference by
// up to 5 % here. So this is the coarse test, which needs nobody's word; the
// fine one is PyTorch's.
START_TEST(gradients_by_central_differences) {
    Step s;
    step_init(&s);
    step_loss(&s);
    lenet_backward(&s.net);
    for (int p = 0; p < s.net.params.count; p++) {
        const ParamSpec *spec = &s.net.params.table[p];
        size_t n = spec->value->size;
        GradCheck g = grad_check(difference_loss, &s, spec->value->data,
                                 spec->grad->data, n, 24, 0x1p-10, 0.06);
        assert_slopes(spec->name, &g, 0.1, 0.06, 2);
    }
    step_free(&s);
}
END_TEST

// ---- 3. The net as the lecture counts it ------------------------------------

START_TEST(shapes_and_weights_of_the_banner) {
    Step s;
    step_init(&s);
    step_loss(&s);
    const LeNet *net = &s.net;
    ck_assert_str_eq(tensor_shape(&net->pool1).text, "[3, 20, 14, 14]");
    ck_assert_str_eq(tensor_shape(&net->pool2).text, "[3, 50, 5, 5]");
    ck_assert_str_eq(tensor_shape(&net->fc1).text, "[3, 500]");
    ck_assert_str_eq(tensor_shape(&net->logits).text, "[3, 10]");
    ck_assert_uint_eq(net->conv1_w.size + net->conv1_b.size, 520);
    ck_assert_uint_eq(net->conv2_w.size + net->conv2_b.size, 25050);
    ck_assert_uint_eq(net->fc1_w.size + net->fc1_b.size, 625500);
    ck_assert_uint_eq(net->fc2_w.size + net->fc2_b.size, 5010);
    ck_assert_uint_eq(net->params.value.size, 656080);
    step_free(&s);
}
END_TEST

// Of 100 mistakes the 24 with the largest loss stay, largest first.
START_TEST(worst_mistakes_are_kept_in_order) {
    Evaluation e = {0};
    int order[100];
    Rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < 100; i++)
        order[i] = i;
    rng_shuffle(&rng, order, 100);
    for (int i = 0; i < 100; i++)
        add_mistake(&e, order[i], order[i] % 10, 3, (float)order[i]);
    ck_assert_int_eq(e.mistakes, MISTAKES);
    for (int i = 0; i < MISTAKES; i++) {
        ck_assert_int_eq(e.mistake[i].index, 99 - i);
        ck_assert_int_eq(e.mistake[i].truth, (99 - i) % 10);
        ck_assert_float_eq(e.mistake[i].loss, (float)(99 - i));
    }
}
END_TEST

// Batches of 256 and a rest: all are counted, and the loss is their mean.
START_TEST(evaluates_every_picture) {
    Dataset set;
    digits_draw(&set, 300, 1);
    LeNet net;
    Rng rng;
    rng_seed(&rng, 1);
    lenet_init(&net, 10, &rng);
    Evaluation e = evaluate(&net, &set);
    ck_assert_int_eq(confusion_total(&e.confusion), 300);

    Batches one = one_batch(&set);
    lenet_forward(&net, &one.x);
    double loss = (double)softmax_cross_entropy(NULL, &net.logits, one.labels);
    // the same numbers, added up in another order
    ck_assert_double_eq_tol(e.loss, loss, 1e-6 * loss);
    ck_assert_int_eq(e.mistakes, MISTAKES);
    for (int i = 0; i < MISTAKES; i++) {
        int index = e.mistake[i].index;
        const float *logits = net.logits.data + index * 10;
        ck_assert_int_eq(e.mistake[i].truth, one.labels[index]);
        ck_assert_int_eq(e.mistake[i].taken, argmax(logits, 10));
    }
    batches_free(&one);
    dataset_free(&set);
    lenet_free(&net);
}
END_TEST

// ---- 4. The program ---------------------------------------------------------

// Of a flag given twice the last one counts: what follows may say otherwise.
static const char quick[] =
    "lenet --data synthetic --plot none --quiet --threads 1";

START_TEST(smallest_runs) {
    Run run = run_well("%s --limit 1 --epochs 1", quick);
    ck_assert_double_eq(result_value(&run, "epochs"), 1);
    run = run_well("%s --limit 3 --epochs 2 --batch 2", quick);
    ck_assert_double_eq(result_value(&run, "epochs"), 2);
}
END_TEST

// Guessing among ten digits is right in 10 % of 500, with a standard error of
// 1.3 %; half of them cannot be luck.
START_TEST(learns_synthetic_digits) {
    assert_learns("lenet --limit 500 --epochs 2 --batch 32", 0.6, 1.5);
}
END_TEST

// 300 digits in batches of 64 are five steps an epoch.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(lenet_main, "lenet --epochs 2 --limit 300 --lr 0.01 --data "
                          "synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, 10);
    assert_one_cycle(10, 0.01f);
    assert_passes(2);
    assert_first_step_has_a_gradient();
}
END_TEST

// A new net, trained on these digits without a word.
static Evaluation train_new(LeNet *net, const Digits *digits, int epochs,
                            int batch) {
    const Options o = {.common = {.seed = 1, .quiet = true},
                       .epochs = epochs,
                       .batch = batch,
                       .lr = 3e-3f};
    History history = {0};
    Checkpoint none = {0};
    Rng rng;
    rng_seed(&rng, 1);
    lenet_init(net, 10, &rng);
    Evaluation e = train(net, digits, &o, &history, &none, &rng);
    history_free(&history);
    return e;
}

// With other labels the test loss grows while the digits are learned, from 2.3
// of guesses, so the last epoch is not the best one. It is the one to report: a
// choice by the test set would be part of the training.
START_TEST(reports_the_last_epoch) {
    Digits digits;
    LeNet net;
    few_digits(&digits, 50);
    Evaluation e = train_new(&net, &digits, 3, 10);
    ck_assert_double_gt(e.loss, 2.5);
    ck_assert_double_eq(e.loss, evaluate(&net, &digits.test).loss);
    lenet_free(&net);
    digits_free(&digits);
}
END_TEST

static bool same_files(const char *a, const char *b) {
    return run_program("/usr/bin/env cmp %s %s", a, b).status == 0;
}

// Every bit of every weight after training, with distortions and without.
START_TEST(same_weights_for_any_number_of_threads) {
    run_well("%s --limit 300 --epochs 1 --threads 1 --save one", quick);
    run_well("%s --limit 300 --epochs 1 --threads 2 --save two", quick);
    run_well("%s --limit 300 --epochs 1 --threads 3 --save three", quick);
    ck_assert(same_files("one", "two") && same_files("one", "three"));
    run_well("%s --limit 100 --epochs 1 --augment --threads 1 --save four",
             quick);
    run_well("%s --limit 100 --epochs 1 --augment --threads 2 --save five",
             quick);
    run_well("%s --limit 100 --epochs 1 --threads 1 --save six", quick);
    ck_assert(same_files("four", "five") && !same_files("four", "six"));
    run_well("%s --limit 300 --epochs 1 --seed 2 --save seven", quick);
    ck_assert(!same_files("one", "seven"));
}
END_TEST

// --quiet: the result line is all there is.
START_TEST(saved_weights_give_the_same_result) {
    Run trained =
        run_well("%s --limit 200 --epochs 1 --seed 3 --save weights", quick);
    ck_assert_ptr_eq(strstr(trained.output, "result: "), trained.output);
    ck_assert_double_eq(result_value(&trained, "epochs"), 1);
    ck_assert_double_eq(result_value(&trained, "seed"), 3);
    assert_says(trained.output, " data=synthetic\n");
    Run loaded = run_well("%s --limit 200 --seed 3 --load weights", quick);
    ck_assert_double_eq(result_value(&loaded, "test_loss"),
                        result_value(&trained, "test_loss"));
    ck_assert_double_eq(result_value(&loaded, "test_accuracy"),
                        result_value(&trained, "test_accuracy"));
    ck_assert_double_eq(result_value(&loaded, "epochs"), 0);
}
END_TEST

// The program ends with `status`, and says `words`.
static void assert_fails(const char *arguments, int status, const char *words) {
    Run run = run_program("%s %s", quick, arguments);
    ck_assert_msg(run.status == status, "%s ended with %d: %s", arguments,
                  run.status, run.output);
    assert_says(run.output, words);
    assert_never_says(run.output, "result:");
}

START_TEST(bad_files_exit_1) {
    assert_fails("--data nowhere", 1, "nowhere");
    assert_fails("--limit 10 --epochs 1 --save no/such/folder", 1, "folder");
    assert_fails("--limit 10 --epochs 1 --classify no.png", 1, "no.png");
    assert_fails("--limit 10 --load nowhere", 1, "nowhere");
    write_text("text", "these are no weights\n");
    assert_fails("--limit 10 --load text", 1, "text");
}
END_TEST

START_TEST(bad_flags_exit_2) {
    assert_fails("--epochs 0", 2, "--epochs");
    assert_fails("--lr -1", 2, "--lr");
    assert_fails("--batch 60001", 2, "--batch");
}
END_TEST

// The line of the epoch and the curve say what the result line does. The pairs
// under the pictures, "truth → prediction", are pairs of the confusion matrix.
// 200 digits teach the net few of the ten answers: turned round, most pairs are
// none.
START_TEST(draws_its_charts) {
    enum { CELLS = 100 };
    double predicted[CELLS], truth[CELLS], count[CELLS];
    Run run = run_for_charts("lenet --limit 200 --epochs 1 --data synthetic");
    double loss = result_value(&run, "test_loss");
    double accuracy = 100 * result_value(&run, "test_accuracy");
    double error = 100 - accuracy;
    ck_assert_double_ne(table_number(run.output, "epoch 1/1", 0), loss);
    ck_assert_double_eq(table_number(run.output, "epoch 1/1", 1), loss);
    ck_assert_double_eq_tol(table_number(run.output, "epoch 1/1", 2), accuracy,
                            0.01);
    assert_column("out/ch06/lenet_curves.csv", 1, "error", &error, 1, 1e-4);

    // kernels on one scale, 0 in its middle, those of large weights first
    double largest = 0, before = HUGE_VAL;
    for (int k = 0; k < 20; k++) {
        double w[25], sum = 0;
        chart_column("out/ch06/lenet_kernels.csv", k, "value", w, 25);
        for (int p = 0; p < 25; p++) {
            sum += w[p] * w[p];
            largest = fmax(largest, fabs(w[p]));
        }
        ck_assert_double_le(sum, before * (1 + 1e-5));
        before = sum;
    }
    for (int side = -1; side <= 1; side += 2)
        ck_assert_double_eq_tol(figure_attribute("out/ch06/lenet_kernels.fig",
                                                 "heat", 19,
                                                 side < 0 ? "low" : "high"),
                                side * largest, 1e-5);

    const char *file = "out/ch06/lenet_confusion.csv";
    ck_assert_int_eq(chart_column(file, 0, "count", count, CELLS), CELLS);
    chart_column(file, 0, "predicted", predicted, CELLS);
    chart_column(file, 0, "true", truth, CELLS);
    for (int m = 0; m < MISTAKES; m++) {
        int t, p;
        ck_assert_int_eq(
            sscanf(figure_words("out/ch06/lenet_mistakes.fig", "note", m),
                   "%d → %d", &t, &p),
            2);
        for (int i = 0; i < CELLS; i++)
            if (truth[i] == t && predicted[i] == p)
                ck_assert_msg(count[i] > 0, "no %d was taken for a %d", t, p);
    }
}
END_TEST

// A white page with a black bar, as a camera might see a 1.
static void write_bar(const char *name) {
    enum { W = 40, H = 60 };
    char picture[16 + W * H];
    int head = snprintf(picture, 16, "P5 %d %d 255\n", W, H);
    memset(picture + head, 230, W * H);
    for (int i = 10; i < 50; i++)
        memset(picture + head + i * W + 18, 20, 4);
    write_bytes(name, picture, (size_t)(head + W * H));
}

START_TEST(classifies_a_picture) {
    write_bar("one.pgm");
    Run run = run_well(
        "%s --limit 1000 --epochs 2 --batch 32 --classify one.pgm", quick);
    ck_assert_double_eq(result_value(&run, "predicted"), 1);
    ck_assert_double_ge(result_value(&run, "certainty"), 0.9);
    assert_never_says(run.output, "Not sure");
    // its row of the table is in per cent
    const char *table = from_line(run.output, "one.pgm");
    ck_assert_double_eq_tol(table_number(table, "1 ", 0),
                            100 * result_value(&run, "certainty"), 0.51);
    assert_80_columns(&run);
}
END_TEST

// An empty sheet, and a net that has learned nothing: nobody can be sure.
START_TEST(says_when_it_is_not_sure) {
    write_text("empty.pgm", "P2 2 2 1  1 1 1 1");
    write_bar("one.pgm");
    const char *names[] = {"empty.pgm", "one.pgm"};
    for (int i = 0; i < 2; i++) {
        Run run = run_well("%s --limit 10 --epochs 1 --lr 1e-9 --classify %s",
                           quick, names[i]);
        assert_says(run.output, "Not sure");
        assert_says(run.output, " predicted=unsure certainty=");
        ck_assert_double_lt(result_value(&run, "certainty"), 0.9);
        assert_80_columns(&run);
    }
}
END_TEST

// A LeNet that reads drawn digits, and one test digit of each class that it is
// very sure of: what goes wrong then is the photo's fault.
typedef struct {
    LeNet net;
    Digits digits;
    const uint8_t *easy[10]; // [28, 28]
} Reader;

// The first of each class; those after the last of these are not looked at.
static void find_easy(Reader *r) {
    Prediction p = {0};
    Picture picture = {0};
    int found = 0;
    tensor_resize(&picture.digit, 4, 1, 1, 28, 28);
    for (int n = 0; n < r->digits.test.count && found < 10; n++) {
        const uint8_t *pixels = r->digits.test.pixels + n * 28 * 28;
        for (int i = 0; i < 28 * 28; i++)
            picture.digit.data[i] = pixels[i] / 255.0f;
        predict(&p, &r->net, &picture);
        int truth = r->digits.test.labels[n];
        if (p.digit == truth && certainty(&p) > 0.995f &&
            r->easy[truth] == NULL) {
            r->easy[truth] = pixels;
            found++;
        }
    }
    ck_assert_msg(found == 10, "only %d of ten digits are easy", found);
    release(&picture.digit, &p.softmax, NULL);
}

static void reader_init(Reader *r) {
    *r = (Reader){.easy = {NULL}};
    r->digits = synthetic_digits(1500, 1);
    r->digits.test.count = 500; // train() tests in every epoch
    train_new(&r->net, &r->digits, 3, 32);
    find_easy(r);
}

// What the net says of the photo: right, unsure or wrong.
static Prediction read_photo(Reader *r, int digit, PhotoKind kind, Rng *rng) {
    Tensor photo = {0};
    Picture picture = {0};
    Prediction p = {0};
    photo_draw(&photo, r->easy[digit], kind, rng);
    picture.doubt = image_to_digit(&picture.digit, &photo);
    predict(&p, &r->net, &picture);
    release(&photo, &picture.digit, &p.softmax, NULL);
    return p;
}

// One photo of each kind, and of those that show a digit all are read but two
// at most; of the rest and of photos that show no digit, more than one or a
// part of one, none is read surely. With CLAIMS in the environment, ten of each
// kind: test_image_digit.c looks at how the digit of each is cut out.
START_TEST(photos_are_read_or_doubted) {
    Reader reader;
    Rng rng;
    rng_seed(&rng, 5);
    reader_init(&reader);
    const int digits = getenv("CLAIMS") != NULL ? 10 : 1;
    int unread = 0;
    for (int kind = 0; kind < PHOTO_KINDS; kind++) {
        bool readable = kind < PHOTO_KINDS_READ;
        for (int i = 0; i < digits; i++) {
            int digit = (kind + i) % 10;
            Prediction p = read_photo(&reader, digit, (PhotoKind)kind, &rng);
            ck_assert_msg(!p.sure || (readable && p.digit == digit),
                          "%s: a %d is surely read as a %d",
                          photo_name((PhotoKind)kind), digit, p.digit);
            unread += readable && !p.sure;
        }
    }
    ck_assert_msg(unread <= 2 * digits, "%d of %d photos are not read", unread,
                  PHOTO_KINDS_READ * digits);
    lenet_free(&reader.net);
    digits_free(&reader.digits);
}
END_TEST

int main(void) {
    threads_set(1); // the machine may be busy, and tiny batches gain nothing
    const Test tests[] = {
        {logits_and_loss_as_in_pytorch},
        {gradients_as_in_pytorch},
        {gradients_by_central_differences, .seconds = 20},
        {shapes_and_weights_of_the_banner},
        {worst_mistakes_are_kept_in_order},
        {evaluates_every_picture},
        {smallest_runs},
        {learns_synthetic_digits, .seconds = 40},
        {each_step_has_its_rate_and_its_gradient},
        {reports_the_last_epoch},
        {same_weights_for_any_number_of_threads, .seconds = 20},
        {saved_weights_give_the_same_result},
        {bad_files_exit_1},
        {bad_flags_exit_2},
        {draws_its_charts},
        {classifies_a_picture, .seconds = 20},
        {says_when_it_is_not_sure},
        {photos_are_read_or_doubted, .seconds = 1000},
    };
    return run_tests("lenet", tests, sizeof tests / sizeof *tests);
}
