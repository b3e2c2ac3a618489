// A language model: what perplexity counts, what temperature does, that the
// state is carried on, and nets that write the same after save and load. The
// net itself and its gradient are tested in tests/test_recurrent.c.

#include "spy.h"

#define main char_lstm_main
#include "ch07_lstm/char_lstm.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

enum { V = 5, H = 6 }; // characters and units of a small net

// ---- 1. Perplexity ----------------------------------------------------------

// With all weights 0, a net says the same whatever it has read.
static double perplexity_of(const float *bias, int classes, int *text,
                            int count) {
    Rng rng;
    RecurrentNet net;
    Corpus corpus = {.text = text, .train = 0, .held = count};
    rng_seed(&rng, 1);
    recurrent_net_init(&net, LSTM, classes, H, classes, &rng);
    tensor_fill(&net.params.value, 0.0f);
    for (int j = 0; bias != NULL && j < classes; j++)
        net.fc_b.data[j] = bias[j];
    double result = perplexity(&net, &corpus, 3);
    recurrent_net_free(&net);
    return result;
}

// log V and the mean of the pieces are floats, rounded to 1.2e-7 of 4.
START_TEST(a_net_that_knows_nothing_has_v) {
    int text[13];
    for (int classes = 1; classes <= 50; classes += 7) {
        for (int i = 0; i < 13; i++)
            text[i] = i % classes;
        ck_assert_double_eq_tol(perplexity_of(NULL, classes, text, 13), classes,
                                classes * 1e-6);
    }
}
END_TEST

// P = 1/2, 1/4, 1/4 is 1, 2, 2 bits; labels 0 1 0 2 0 0: 8 bits over 6 labels.
START_TEST(perplexity_counts_choices) {
    const float bias[] = {logf(2.0f), 0, 0};
    int text[] = {1, 0, 1, 0, 2, 0, 0};
    ck_assert_double_eq_tol(perplexity_of(bias, 3, text, 7), pow(2, 8 / 6.0),
                            1e-5);
    // sure and right: 1; sure and wrong once in six: e^(20/6)
    const float sure[] = {20.0f, 0.0f};
    int right[] = {1, 0, 0, 0, 0, 0, 0}, wrong[] = {1, 0, 0, 1, 0, 0, 0};
    ck_assert_double_eq_tol(perplexity_of(sure, 2, right, 7), 1, 1e-6);
    ck_assert_double_eq_tol(perplexity_of(sure, 2, wrong, 7), exp(20 / 6.0),
                            1e-4);
}
END_TEST

// ---- 2. Temperature ---------------------------------------------------------

// To half of the sixth digit, and a float's rounding of 1.
static void assert_temper(float temperature, float p0, float p1, float p2) {
    float logits[] = {1.2f, 4.0f, 0.2f}, want[] = {p0, p1, p2};
    Tensor view = tensor_view(logits, 2, 1, 3), p = {0};
    temper(&p, &view, temperature);
    assert_close(p.data, want, 3, 6e-7, "probabilities");
    tensor_free(&p);
}

// C's softmax(1.2, 4.0, 0.2) at temperature 1, printed as 0.056, 0.923, 0.02;
// at others by hand: exp(-2.8 / T), 1 and exp(-3.8 / T) over their sum.
START_TEST(temperature_sharpens_and_flattens) {
    assert_temper(1.0f, 0.056140f, 0.923207f, 0.020653f);
    assert_temper(0.5f, 0.003682f, 0.995819f, 0.000498f);
    assert_temper(2.0f, 0.176624f, 0.716247f, 0.107128f);
    assert_temper(1e-3f, 0, 1, 0);
    assert_temper(1e9f, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f);
}
END_TEST

// 10^5 draws: off by more than five standard deviations, sqrt(p (1 - p) / n),
// once in a million runs. What is impossible never comes.
START_TEST(draws_by_probability) {
    float probability[] = {0, 0.1f, 0, 0.65f, 0.25f, 0};
    Tensor p = tensor_view(probability, 2, 1, 6);
    int drawn[6] = {0}, n = 100000;
    Rng rng;
    rng_seed(&rng, 7);
    for (int i = 0; i < n; i++)
        drawn[draw(&p, &rng)]++;
    for (int j = 0; j < 6; j++) {
        double q = (double)probability[j];
        ck_assert_double_le(fabs(drawn[j] / (double)n - q),
                            5 * sqrt(q * (1 - q) / n));
    }
    // probabilities that rounding left short of 1
    float little[] = {0, 1e-6f, 0};
    Tensor short_of_one = tensor_view(little, 2, 1, 3);
    ck_assert_int_eq(draw(&short_of_one, &rng), 1);
}
END_TEST

// Character by character, with the state carried on, the net predicts what it
// does when it reads all at once, at the same temperature. Sums of H + V
// products of numbers below 1, divided by the temperature: they agree to some
// (H + V) * 6e-7, and their probabilities to a quarter of it, 2e-6. So cold,
// the net draws what it would rarely draw at temperature 1.
START_TEST(writes_what_it_predicts) {
    Rng rng;
    RecurrentNet net;
    rng_seed(&rng, 3);
    recurrent_net_init(&net, LSTM, V, H, V, &rng);
    int places[12] = {4, 0};
    Tensor p = {0}, all = {0}, x = {0};
    generate(places, 2, 10, &net, 0.1f, 9);
    Rng again;
    rng_seed(&again, 9);
    one_hot(&x, places, 12, V);
    recurrent_forget(&net.cell);
    recurrent_net_forward(&net, &x, EVERY_STATE);
    temper(&all, &net.logits, 0.1f);
    recurrent_forget(&net.cell);
    read_on(&p, &net, places, 2, 0.1f);
    for (int i = 2; i < 12; i++) {
        assert_close(p.data, all.data + (i - 1) * V, V, 1e-5, "prediction");
        ck_assert_int_eq(draw(&p, &again), places[i]);
        read_on(&p, &net, places + i, 1, 0.1f);
    }
    tensor_free(&p);
    tensor_free(&all);
    tensor_free(&x);
    recurrent_net_free(&net);
}
END_TEST

// ---- 3. Training ------------------------------------------------------------

// "aabb" over and over. One character back leaves a doubt, two leave none; read
// in pieces of two, only the state that is carried on tells what was before the
// first of each: without it, training perplexity cannot fall below sqrt(2).
START_TEST(learns_what_there_is_to_learn) {
    int text[600];
    Rng rng;
    RecurrentNet net;
    Curves curves = {0};
    Corpus corpus = {.text = text, .train = 500, .held = 100};
    Options o = {.common = {.quiet = true},
                 .epochs = 40,
                 .batch = 4,
                 .steps = 2,
                 .lr = 0.01f,
                 .clip = 1.0f};
    rng_seed(&rng, 1);
    for (int i = 0; i < 600; i++)
        text[i] = i / 2 % 2;
    recurrent_net_init(&net, LSTM, 2, 16, 2, &rng);
    Checkpoint none = {0};
    train(&net, &curves, &corpus, &o, &none, &rng);
    ck_assert_int_eq(curves.epochs, 40);
    ck_assert_double_lt(curves.train[39], 1.05);
    ck_assert_double_lt(curves.validation[39], 1.05);
    // its best weights are those of its least validation perplexity
    for (int e = 0; e < 40; e++)
        ck_assert(curves.validation[curves.best - 1] <= curves.validation[e]);
    tensor_copy(&net.params.value, &curves.weights);
    ck_assert_double_eq(perplexity(&net, &corpus, o.steps),
                        curves.validation[curves.best - 1]);
    mem_free(curves.train);
    mem_free(curves.validation);
    tensor_free(&curves.weights);
    recurrent_net_free(&net);
}
END_TEST

// 270 letters abababab..., and a last tenth, 30 letters, of a alone. A net that
// learns from the first part is surer with each epoch that a b follows an a:
// its perplexity on the last tenth rises from the first epoch on. One that
// learns from the last tenth as well, or is validated on the first part, is
// soon sure and right. The table, the chart and the result line have the same
// numbers, of three digits at least.
START_TEST(held_out_text_is_unseen) {
    enum { EPOCHS = 20 };
    char text[301] = "", command[2400];
    for (int i = 0; i < 300; i++)
        text[i] = i < 270 && i % 2 == 1 ? 'b' : 'a';
    Path data = write_text("text.txt", text),
         net = scratch_path("net.safetensors");
    snprintf(command, sizeof command,
             "char_lstm --data '%s' --epochs 20 --hidden 16 --lr 0.02 --steps "
             "8 --generate 0 --save '%s'",
             data.text, net.text);
    Run run = run_for_charts(command);
    double training = result_value(&run, "last_train");
    double validation = result_value(&run, "last_validation");
    double best = result_value(&run, "validation_perplexity");
    ck_assert_double_lt(training, 1.3);
    ck_assert_double_gt(validation, 5);
    ck_assert_double_eq(result_value(&run, "best_epoch"), 1);

    ck_assert_double_eq_tol(table_number(run.output, "epoch 20/20", 0),
                            training, 0.01);
    ck_assert_double_eq_tol(
        table_number(run.output, "epoch 20/20", 1) / validation, 1, 0.01);

    double of_training[EPOCHS], of_validation[EPOCHS];
    const char *file = "out/ch07/char_lstm.csv";
    chart_column(file, 0, "training", of_training, EPOCHS);
    ck_assert_int_eq(chart_column(file, 0, "validation", of_validation, EPOCHS),
                     EPOCHS);
    ck_assert_double_eq_tol(of_training[EPOCHS - 1], training, 0.01);
    ck_assert_double_eq_tol(of_validation[EPOCHS - 1] / validation, 1, 0.01);
    ck_assert_double_eq_tol(of_validation[0], best, 1e-3);
    file = "out/ch07/char_lstm.fig";
    assert_mark(file, 0, "lines", "epoch", "training", "training");
    assert_mark(file, 0, "lines", "epoch", "validation", "held out");
    ck_assert_double_eq(figure_attribute(file, "vertical", 0, "at"), 1);
    const char *title = figure_words(file, "title", 0);
    ck_assert_double_eq(table_number(title, "Held-out text", 0), 1);
    ck_assert_double_eq_tol(table_number(title, "Held-out text", 1), best,
                            0.0051);

    // the weights that are saved are those of the best epoch, not of the last
    Run saved = run_program(
        "char_lstm --plot none --load '%s' --data '%s' --steps 8 --quiet",
        net.text, data.text);
    ck_assert_double_eq(result_value(&saved, "validation_perplexity"), best);
}
END_TEST

// The perplexity of a text that is read in one go, from zeros.
static double in_one_go(RecurrentNet *net, const int *text, int count) {
    Streams s;
    streams_init(&s, text, count, 1, count, V);
    recurrent_forget(&net->cell);
    ck_assert(streams_next(&s));
    recurrent_net_forward(net, &s.x, EVERY_STATE);
    double loss = (double)softmax_cross_entropy(NULL, &net->logits, s.labels);
    streams_free(&s);
    return exp(loss);
}

// A pass begins with zeros and carries its state from piece to piece: then its
// pieces add up to the whole text. So does a validation, and neither leaves the
// other its state. With one stream each, nothing but the numbers can tell: the
// rate is too small to change a weight, so that each epoch gives the same.
// Means of a few floats below 10, 1e-6 apart; weights three times as large as
// usual, so that a wrong state shows.
START_TEST(state_lives_for_one_pass) {
    enum { TRAIN = 4 * 7 + 1, HELD = 3 * 7 + 1 };
    int text[TRAIN + HELD];
    Rng rng;
    RecurrentNet net;
    Curves curves = {0};
    Corpus corpus = {.text = text, .train = TRAIN, .held = HELD};
    Options o = {.common = {.quiet = true},
                 .epochs = 2,
                 .batch = 1,
                 .steps = 7,
                 .lr = 1e-30f,
                 .clip = 1.0f};
    rng_seed(&rng, 6);
    for (int i = 0; i < TRAIN + HELD; i++)
        text[i] = rng_below(&rng, V);
    recurrent_net_init(&net, LSTM, V, H, V, &rng);
    sscal((int)net.params.value.size, 3.0f, net.params.value.data);
    double training = in_one_go(&net, text, TRAIN);
    double validation = in_one_go(&net, text + TRAIN, HELD);
    train(&net, &curves, &corpus, &o, &(Checkpoint){0}, &rng);
    for (int e = 0; e < 2; e++) {
        ck_assert_double_eq_tol(curves.train[e] / training, 1, 1e-5);
        ck_assert_double_eq_tol(curves.validation[e] / validation, 1, 1e-5);
    }
    mem_free(curves.train);
    mem_free(curves.validation);
    tensor_free(&curves.weights);
    recurrent_net_free(&net);
}
END_TEST

START_TEST(each_step_has_its_gradient) {
    run_spied(char_lstm_main, "char_lstm --epochs 1 --limit 400 --hidden 8 "
                              "--clip 0.001 --plot none --quiet");
    assert_first_step_has_a_gradient();
    assert_steps_are_clipped(0.001);
}
END_TEST

START_TEST(seed_changes_the_run) {
    double of_seed[3];
    for (int seed = 1; seed <= 2; seed++) {
        Run run = run_program(
            "char_lstm --plot none --epochs 1 --limit 400 --hidden 8 --quiet "
            "--seed %d",
            seed);
        of_seed[seed] = result_value(&run, "validation_perplexity");
    }
    ck_assert_double_ne(of_seed[1], of_seed[2]);
}
END_TEST

// Seeds 1 to 3 are best in epochs 19 to 27, at 4.14 to 4.17.
START_TEST(overfits_the_tale) {
    Run run = run_for_result("char_lstm --epochs 50");
    double best = result_value(&run, "validation_perplexity");
    ck_assert_double_lt(best, 4.5);
    ck_assert_double_gt(result_value(&run, "best_epoch"), 10);
    ck_assert_double_lt(result_value(&run, "best_epoch"), 40);
    ck_assert_double_lt(result_value(&run, "last_train"), 1.6);
    ck_assert_double_gt(result_value(&run, "last_validation"), 1.3 * best);
}
END_TEST

// ---- 4. The program ---------------------------------------------------------

// The samples of a run: what it prints by its best weights. Cuts off what
// follows.
static char *samples(Run *run) {
    ck_assert_msg(run->status == 0, "%s", run->output);
    char *from = strstr(run->output, "By the best weights:"),
         *to = strstr(run->output, "result:");
    ck_assert(from != NULL && to != NULL);
    *to = '\0';
    return from;
}

// The same random numbers, but another text at each temperature.
START_TEST(writes_the_same_after_loading) {
    Path text = write_text("text.txt", "床前明月光，疑是地上霜。"
                                       "举头望明月，低头思故乡。\n"
                                       "床前明月光，疑是地上霜。"
                                       "举头望明月，低头思故乡。");
    Path net = scratch_path("net.safetensors");
    const char *flags = "--prompt 明月 --generate 30";
    Run saved = run_program("char_lstm --plot none --data '%s' --hidden 24 "
                            "--epochs 20 --save '%s' %s",
                            text.text, net.text, flags);
    Run loaded =
        run_program("char_lstm --plot none --load '%s' %s", net.text, flags);
    ck_assert_double_eq(result_value(&saved, "vocabulary"), 20);
    ck_assert_double_eq(result_value(&loaded, "vocabulary"), 20);
    ck_assert_double_eq(result_value(&loaded, "epochs"), 0);
    ck_assert_str_eq(samples(&loaded), samples(&saved));
    const char *out = loaded.output,
               *cold = after_text(out, "temperature 0.5\n    明月"),
               *warm = after_text(out, "temperature 0.8\n    明月"),
               *hot = after_text(out, "temperature 1.1\n    明月");
    ck_assert_int_ne(strncmp(cold, hot, 60), 0);
    ck_assert_int_ne(strncmp(cold, warm, 60), 0);
}
END_TEST

static void assert_fails(Run run, const char *expected) {
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, expected);
}

START_TEST(says_what_is_wrong) {
    assert_fails(run_program("char_lstm --prompt 'Zoë'"),
                 "--prompt has the character 'Z' (U+005A)");
    assert_fails(run_program("char_lstm --prompt 'the ë'"),
                 "the character 'ë' (U+00EB)");
    assert_fails(run_program("char_lstm --limit 19"),
                 "has 19 characters, too few to learn from");
    assert_fails(run_program("char_lstm --data nowhere"),
                 "cannot open nowhere");
    Path text =
        write_text("text.txt", "a text with twenty letters and more \xC3\x28");
    assert_fails(run_program("char_lstm --data '%s'", text.text),
                 "is not UTF-8 text: byte 37, 0xC3");
    assert_fails(run_program("char_lstm --load '%s'", text.text),
                 "not a safetensors file");
    assert_fails(run_program("char_lstm --load '%s'",
                             golden_path("net.safetensors").text),
                 "does not hold cell.weight_ih_l0");
    assert_fails(run_program("char_lstm --save /dev/null"), "it is not a file");
}
END_TEST

// A net that knows other characters than the text it is to be judged by.
START_TEST(says_which_character_it_does_not_know) {
    Path text =
        write_text("text.txt", "one two three four five six seven eight");
    Path net = scratch_path("net.safetensors");
    Run run =
        run_program("char_lstm --plot none --data '%s' --save '%s' --epochs 1",
                    text.text, net.text);
    ck_assert_int_eq(run.status, 0);
    assert_fails(run_program("char_lstm --load '%s' --prompt nine!", net.text),
                 "--prompt has the character '!' (U+0021)");
    text = write_text("text.txt", "one two three four five six seven eleven");
    assert_fails(
        run_program("char_lstm --load '%s' --data '%s'", net.text, text.text),
        "has the character 'l' (U+006C)");
}
END_TEST

START_TEST(smallest_runs) {
    const char *const flags[] = {
        "--limit 20 --epochs 1",
        "--limit 20 --epochs 1 --batch 4096 --steps 4096",
        "--limit 20 --epochs 1 --batch 4096 --steps 1",
        "--limit 200 --epochs 1 --batch 1 --steps 1 --hidden 1 --generate 0",
        "--limit 200 --epochs 2",
    };
    for (int i = 0; i < 5; i++) {
        Run run = run_program("char_lstm --plot none %s", flags[i]);
        ck_assert_msg(run.status == 0, "%s: %s", flags[i], run.output);
        ck_assert_double_ge(result_value(&run, "validation_perplexity"), 1.0);
        ck_assert_double_ge(result_value(&run, "best_epoch"), 1.0);
    }
}
END_TEST

// One character over and over leaves no doubt at all.
START_TEST(a_text_of_one_character) {
    Path text = write_text("text.txt", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    Run run = run_well("char_lstm --plot none --data '%s'", text.text);
    ck_assert_double_eq(result_value(&run, "validation_perplexity"), 1.0);
}
END_TEST

int main(void) {
    const Test tests[] = {{a_net_that_knows_nothing_has_v},
                          {perplexity_counts_choices},
                          {temperature_sharpens_and_flattens},
                          {draws_by_probability},
                          {writes_what_it_predicts},
                          {learns_what_there_is_to_learn},
                          {held_out_text_is_unseen},
                          {state_lives_for_one_pass},
                          {each_step_has_its_gradient},
                          {seed_changes_the_run},
                          {overfits_the_tale, .seconds = 40},
                          {writes_the_same_after_loading},
                          {says_what_is_wrong},
                          {says_which_character_it_does_not_know},
                          {smallest_runs},
                          {a_text_of_one_character}};
    return run_tests("char_lstm", tests, sizeof tests / sizeof *tests);
}
