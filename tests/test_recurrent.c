// test_recurrent.c - RNN, LSTM and GRU against PyTorch, against their own
// definition, and against the difference quotient.

#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gradcheck.h"
#include "kernels.h"
#include "layers.h"
#include "memory.h"
#include "numbers.h"
#include "params.h"
#include "recurrent.h"
#include "recurrent_net.h"
#include "safetensors.h"
#include "threads.h"

typedef void Forward(Recurrent *cell, const Tensor *x, const CellWeights *w);
typedef void Backward(Recurrent *cell, Tensor *dx, CellWeights *dw,
                      const Tensor *dh, const Tensor *x, const CellWeights *w);

// A layer with all that goes in and comes out.
typedef struct {
    Params params;
    CellWeights w, dw;
    Tensor x, dh, dx;
    Recurrent cell;
} Layer;

// Weights of the size that cell_init gives them; states in -1 .. 1.
static void layer_init(Layer *l, CellKind kind, int T, int N, int D, int H) {
    *l = (Layer){.cell = {.kind = kind}};
    int rows = cell_gates(kind) * H;
    const ParamSpec table[] = {
        {"weight_ih", &l->w.wx, &l->dw.wx, {rows, D}},
        {"weight_hh", &l->w.wh, &l->dw.wh, {rows, H}},
        {"bias_ih", &l->w.bx, &l->dw.bx, {rows}},
        {"bias_hh", &l->w.bh, &l->dw.bh, {rows}},
    };
    params_init(&l->params, table, 4);
    fill_noise(l->params.value.data, l->params.value.size, 1);
    for (size_t i = 0; i < l->params.value.size; i++)
        l->params.value.data[i] /= sqrtf((float)H);
    fill_noise(l->params.grad.data, l->params.grad.size, 9);
    l->x = noise_tensor(2, T, N, D, 0);
    l->dh = noise_tensor(3, T, N, H, 0);
}

static void give_start(Layer *l, int N, int H) {
    l->cell.h0 = noise_tensor(4, N, H, 0, 0);
    if (l->cell.kind == LSTM)
        l->cell.c0 = noise_tensor(5, N, H, 0, 0);
}

static void run(Layer *l, Forward *forward, Backward *backward) {
    forward(&l->cell, &l->x, &l->w);
    backward(&l->cell, &l->dx, &l->dw, &l->dh, &l->x, &l->w);
}

static void layer_free(Layer *l) {
    tensor_free(&l->dx);
    recurrent_free(&l->cell);
    params_free(&l->params);
}

// ---- 1. PyTorch -------------------------------------------------------------

typedef struct {
    CellWeights w, dw;
    Tensor x, h0, c0, dh, h, c_last, dx, dh0, dc0;
} Golden;

enum { GT = 6, GN = 2, GD = 3, GH = 17, GOLDEN_ENTRIES = 3 * 14 + 3 };

// Every tensor of golden/recurrent.safetensors, read by way of Params, with the
// gradients' names as parameters of their own.
static void golden_load(Golden golden[3], Params *all) {
    static const char *const prefix[] = {"rnn", "lstm", "gru"};
    static char names[GOLDEN_ENTRIES][32];
    static Tensor unused[GOLDEN_ENTRIES];
    ParamSpec table[GOLDEN_ENTRIES];
    int count = 0;
    for (int kind = 0; kind < 3; kind++) {
        Golden *g = &golden[kind];
        const int rows = cell_gates((CellKind)kind) * GH;
        const ParamSpec entries[] = {
            {"x", &g->x, NULL, {GT, GN, GD}},
            {"h0", &g->h0, NULL, {GN, GH}},
            {"dh", &g->dh, NULL, {GT, GN, GH}},
            {"h", &g->h, NULL, {GT, GN, GH}},
            {"dx", &g->dx, NULL, {GT, GN, GD}},
            {"dh0", &g->dh0, NULL, {GN, GH}},
            {"weight_ih_l0", &g->w.wx, NULL, {rows, GD}},
            {"dweight_ih_l0", &g->dw.wx, NULL, {rows, GD}},
            {"weight_hh_l0", &g->w.wh, NULL, {rows, GH}},
            {"dweight_hh_l0", &g->dw.wh, NULL, {rows, GH}},
            {"bias_ih_l0", &g->w.bx, NULL, {rows}},
            {"dbias_ih_l0", &g->dw.bx, NULL, {rows}},
            {"bias_hh_l0", &g->w.bh, NULL, {rows}},
            {"dbias_hh_l0", &g->dw.bh, NULL, {rows}},
            {"c0", &g->c0, NULL, {GN, GH}}, // from here on only the LSTM
            {"c_last", &g->c_last, NULL, {GN, GH}},
            {"dc0", &g->dc0, NULL, {GN, GH}},
        };
        for (int i = 0; i < (kind == LSTM ? 17 : 14); i++, count++) {
            snprintf(names[count], sizeof names[count], "%s.%s", prefix[kind],
                     entries[i].name);
            table[count] = entries[i];
            table[count].name = names[count];
            table[count].grad = &unused[count];
        }
    }
    ck_assert_int_eq(count, GOLDEN_ENTRIES);
    params_init(all, table, count);
    Error err;
    bool good =
        safetensors_load(golden_path("recurrent.safetensors").text, all, &err);
    ck_assert_msg(good, "%s", err.message);
}

// How far float32 may be off: a gate sums up k = 22 products of at most 1/2,
// and is off by less than 6 sqrt(k) u times the sum of their sizes (Higham &
// Mary 2019), 6 * 4.7 * 6e-8 * 11 / 2 = 9e-6, the worst case of |x| = 1 halved
// for its mean. Six steps hand that on, with slopes below 1, and a weight's
// gradient adds up 12 errors of random sign: 9e-6 * sqrt(12) = 3e-5.
static const double GOLDEN_TOLERANCE = 3e-5;

static void assert_tensor(const Tensor *got, const Tensor *want,
                          const char *what) {
    ck_assert_uint_eq(got->size, want->size);
    assert_close(got->data, want->data, want->size, GOLDEN_TOLERANCE, what);
}

static void compare_with_pytorch(const Golden *g, CellKind kind,
                                 Forward *forward, Backward *backward) {
    Layer l = {.cell = {.kind = kind, .h0 = g->h0, .c0 = g->c0}, .w = g->w};
    l.x = g->x;
    l.dh = g->dh;
    Layer own; // only for its gradient tensors
    layer_init(&own, kind, GT, GN, GD, GH);
    l.dw = own.dw;
    run(&l, forward, backward);
    Tensor h = recurrent_states(&l.cell);
    assert_tensor(&h, &g->h, "h");
    if (kind == LSTM) {
        ck_assert_uint_eq(l.cell.c.size, (GT + 1) * GN * GH);
        Tensor c = tensor_view(l.cell.c.data + GT * GN * GH, 2, GN, GH);
        assert_tensor(&c, &g->c_last, "c");
        assert_tensor(&l.cell.dc, &g->dc0, "dc0");
    }
    assert_tensor(&l.cell.dh, &g->dh0, "dh0");
    assert_tensor(&l.dx, &g->dx, "dx");
    assert_tensor(&l.dw.wx, &g->dw.wx, "dwx");
    assert_tensor(&l.dw.wh, &g->dw.wh, "dwh");
    assert_tensor(&l.dw.bx, &g->dw.bx, "dbx");
    assert_tensor(&l.dw.bh, &g->dw.bh, "dbh");
    layer_free(&own);
    recurrent_free(&l.cell);
    tensor_free(&l.dx);
}

START_TEST(same_as_pytorch) {
    Golden golden[3];
    Params all;
    golden_load(golden, &all);
    for (int kind = 0; kind < 3; kind++) {
        Golden *g = &golden[kind];
        if (kind != LSTM)
            g->c0 = (Tensor){0};
        compare_with_pytorch(g, (CellKind)kind, recurrent_ref_forward,
                             recurrent_ref_backward);
        for (int i = 0; use_kernel(i); i++)
            compare_with_pytorch(g, (CellKind)kind, recurrent_forward,
                                 recurrent_backward);
    }
    params_free(&all);
}
END_TEST

// ---- 2. The definition ------------------------------------------------------

// As GOLDEN_TOLERANCE, for other sizes: k products of at most 1 / sqrt(H), half
// of that in the mean; and sums of T N errors, or of G H ones in dx.
static double tolerance(const Recurrent *c) {
    double k = c->D + c->H + 2, size = 0.5 * k / sqrt((double)c->H);
    double errors = fmax(c->T * c->N, cell_gates(c->kind) * c->H);
    return 6 * sqrt(k) * 0x1p-24 * size * sqrt(errors);
}

static void assert_same(const Tensor *got, const Tensor *want, double most,
                        const char *what, const Recurrent *c) {
    char text[96];
    snprintf(text, sizeof text, "%s of %s %s, T %d, N %d, D %d, H %d", what,
             kernels()->name, cell_name(c->kind), c->T, c->N, c->D, c->H);
    ck_assert_msg(got->size == want->size && got->size > 0, "%s", text);
    assert_close(got->data, want->data, want->size, most, text);
}

static void compare_with_ref(CellKind kind, int T, int N, int D, int H,
                             bool start) {
    Layer fast, ref;
    layer_init(&fast, kind, T, N, D, H);
    layer_init(&ref, kind, T, N, D, H);
    if (start) {
        give_start(&fast, N, H);
        give_start(&ref, N, H);
    }
    run(&ref, recurrent_ref_forward, recurrent_ref_backward);
    run(&fast, recurrent_forward, recurrent_backward);
    double most = tolerance(&ref.cell);
    assert_same(&fast.cell.h, &ref.cell.h, most, "h", &ref.cell);
    if (kind == LSTM)
        assert_same(&fast.cell.c, &ref.cell.c, most, "c", &ref.cell);
    assert_same(&fast.cell.gates, &ref.cell.gates, most, "gates", &ref.cell);
    assert_same(&fast.dx, &ref.dx, most, "dx", &ref.cell);
    assert_same(&fast.params.grad, &ref.params.grad, most, "dw", &ref.cell);
    if (start)
        assert_same(&fast.cell.dh, &ref.cell.dh, most, "dh0", &ref.cell);
    if (start && kind == LSTM)
        assert_same(&fast.cell.dc, &ref.cell.dc, most, "dc0", &ref.cell);
    layer_free(&fast);
    layer_free(&ref);
}

// One of everything; tails of every vector width; more rows than a tile and
// than two; a sum of more than one block of k (256); one step.
START_TEST(same_as_the_definition) {
    static const int shapes[][4] = {
        {1, 1, 1, 1},   {2, 3, 5, 7},   {5, 2, 1, 16}, {3, 15, 4, 33},
        {3, 29, 28, 9}, {2, 4, 3, 260}, {1, 5, 6, 4},  {7, 1, 2, 12},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int kind = 0; kind < 3; kind++)
            for (int i = 0; use_kernel(i); i++) {
                const int *d = shapes[s];
                compare_with_ref((CellKind)kind, d[0], d[1], d[2], d[3], false);
                compare_with_ref((CellKind)kind, d[0], d[1], d[2], d[3], true);
            }
}
END_TEST

// What the gates do is there to be looked at: between 0 and 1 (g, n: -1 and 1).
START_TEST(gates_are_kept) {
    Layer l;
    layer_init(&l, LSTM, 2, 1, 3, 5);
    recurrent_forward(&l.cell, &l.x, &l.w);
    const float *c = l.cell.c.data, *gates = l.cell.gates.data;
    for (int j = 0; j < 5; j++) // c_1 = i * g, for c_0 = 0
        ck_assert_float_eq_tol(c[5 + j], gates[j] * gates[10 + j], 1e-7f);
    layer_free(&l);
}
END_TEST

// ---- 3. Difference quotients ------------------------------------------------

static double loss_of(void *context) {
    Layer *l = context;
    recurrent_forward(&l->cell, &l->x, &l->w);
    Tensor h = recurrent_states(&l->cell);
    double loss = 0;
    for (size_t i = 0; i < h.size; i++)
        loss += (double)h.data[i] * (double)l->dh.data[i];
    return loss;
}

// The loss is a sum of some 200 terms below 1, each off by about 1e-7: 1.4e-6
// by chance; divided by 2h = 0.02, 7e-5. The difference quotient's own error is
// h^2 / 6 = 2e-5 times a third derivative of the order of 1. Against gradients
// above the floor of 0.02 that is 0.5 %.
static void check_slopes(Layer *l, float *w, const float *grad, size_t n) {
    GradCheck g = grad_check(loss_of, l, w, grad, n, 60, 1e-2, 0.02);
    assert_slopes(cell_name(l->cell.kind), &g, 0.01, 0.1, 0);
}

START_TEST(gradients_are_slopes) {
    for (int kind = 0; kind < 3; kind++) {
        Layer l;
        layer_init(&l, (CellKind)kind, 7, 2, 4, 8);
        give_start(&l, 2, 8);
        run(&l, recurrent_forward, recurrent_backward);
        check_slopes(&l, l.params.value.data, l.params.grad.data,
                     l.params.value.size);
        check_slopes(&l, l.x.data, l.dx.data, l.x.size);
        check_slopes(&l, l.cell.h0.data, l.cell.dh.data, 16);
        if (kind == LSTM)
            check_slopes(&l, l.cell.c0.data, l.cell.dc.data, 16);
        layer_free(&l);
    }
}
END_TEST

// The same through recurrent_net.h, whose linear layer reads the last state, or
// all of them: L = sum of logits * signal.
typedef struct {
    RecurrentNet net;
    Asked asked;
    Tensor x, signal;
} Ready;

static double loss_of_net(void *context) {
    Ready *r = context;
    recurrent_net_forward(&r->net, &r->x, r->asked);
    double loss = 0;
    for (size_t i = 0; i < r->signal.size; i++)
        loss += (double)r->net.logits.data[i] * (double)r->signal.data[i];
    return loss;
}

// No two of the sizes are alike. Where the last state is asked, the logits are
// 2 rows, else 2 for each of 4 steps, step by step.
START_TEST(nets_gradients_are_slopes) {
    enum { T = 4, N = 2, D = 3, H = 5, CLASSES = 6 };
    for (int kind = 0; kind < 3; kind++)
        for (int asked = LAST_STATE; asked <= EVERY_STATE; asked++) {
            Rng rng;
            Ready r = {.asked = (Asked)asked};
            const int rows = asked == LAST_STATE ? N : T * N;
            rng_seed(&rng, 2);
            recurrent_net_init(&r.net, (CellKind)kind, D, H, CLASSES, &rng);
            r.x = noise_tensor(1, T, N, D, 0);
            r.signal = noise_tensor(2, rows, CLASSES, 0, 0);
            loss_of_net(&r);
            ck_assert_int_eq(r.net.logits.shape[0], rows);
            Tensor states = recurrent_states(&r.net.cell), y = {0};
            states = tensor_view(states.data + (T * N - rows) * H, 2, rows, H);
            linear_forward(&y, &states, &r.net.fc_w, &r.net.fc_b);
            ck_assert_mem_eq(y.data, r.net.logits.data, y.size * sizeof(float));

            tensor_copy(&r.net.dlogits, &r.signal);
            recurrent_net_backward(&r.net, &r.x);
            Params *params = &r.net.params;
            GradCheck g = grad_check(loss_of_net, &r, params->value.data,
                                     params->grad.data, params->value.size,
                                     params->value.size, 1e-2, 0.02);
            ck_assert_msg(g.worst < 0.01 && g.largest > 0.1,
                          "%s, %s: [%zu] is off by %g",
                          cell_name((CellKind)kind),
                          asked == LAST_STATE ? "last state" : "every state",
                          g.where, g.worst);
            tensor_free(&y);
            tensor_free(&r.x);
            tensor_free(&r.signal);
            recurrent_net_free(&r.net);
        }
}
END_TEST

// ---- 4. Promises ------------------------------------------------------------

static void assert_bits(const Tensor *x, const Tensor *y) {
    ck_assert(x->size == y->size && x->size > 0);
    ck_assert(memcmp(x->data, y->data, x->size * sizeof(float)) == 0);
}

START_TEST(same_bits_for_any_number_of_threads) {
    for (int kind = 0; kind < 3; kind++)
        for (int N = 5; N <= 64; N += 59) {
            Layer one, many;
            layer_init(&one, (CellKind)kind, 4, N, 28, 128);
            threads_set(1);
            run(&one, recurrent_forward, recurrent_backward);
            for (int threads = 2; threads <= 7; threads++) {
                layer_init(&many, (CellKind)kind, 4, N, 28, 128);
                threads_set(threads);
                run(&many, recurrent_forward, recurrent_backward);
                assert_bits(&many.cell.h, &one.cell.h);
                assert_bits(&many.params.grad, &one.params.grad);
                assert_bits(&many.dx, &one.dx);
                layer_free(&many);
            }
            layer_free(&one);
        }
}
END_TEST

// Six steps at once, or three and three more.
START_TEST(carrying_on_is_the_same_as_not_stopping) {
    for (int kind = 0; kind < 3; kind++) {
        Layer l;
        layer_init(&l, (CellKind)kind, 6, 2, 3, 20);
        Recurrent parts = {.kind = (CellKind)kind};
        recurrent_forward(&l.cell, &l.x, &l.w);
        Tensor first = tensor_view(l.x.data, 3, 3, 2, 3);
        Tensor second = tensor_view(l.x.data + 3 * 2 * 3, 3, 3, 2, 3);
        recurrent_forward(&parts, &first, &l.w);
        recurrent_carry(&parts);
        recurrent_forward(&parts, &second, &l.w);
        Tensor got = recurrent_state(&parts, 3);
        Tensor want = recurrent_state(&l.cell, 6);
        assert_bits(&got, &want);
        recurrent_forget(&parts);
        recurrent_forward(&parts, &first, &l.w);
        got = recurrent_state(&parts, 3);
        want = recurrent_state(&l.cell, 3);
        assert_bits(&got, &want);
        recurrent_free(&parts);
        layer_free(&l);
    }
}
END_TEST

// A gradient for the last state alone is one that is zero before it. And a
// cell that gave back its start leaves the weights' gradients as they were.
START_TEST(only_the_last_state_may_be_used) {
    for (int kind = 0; kind < 3; kind++) {
        Layer whole, last;
        layer_init(&whole, (CellKind)kind, 5, 3, 4, 10);
        layer_init(&last, (CellKind)kind, 5, 3, 4, 10);
        memset(whole.dh.data, 0, 4 * 3 * 10 * sizeof(float));
        last.dh = tensor_view(whole.dh.data + 4 * 3 * 10, 2, 3, 10);
        run(&whole, recurrent_forward, recurrent_backward);
        run(&last, recurrent_forward, recurrent_backward);
        assert_bits(&last.params.grad, &whole.params.grad);
        assert_bits(&last.dx, &whole.dx);
        recurrent_forward(&last.cell, &last.x, &last.w); // and without dx
        recurrent_backward(&last.cell, NULL, &last.dw, &last.dh, &last.x,
                           &last.w);
        assert_bits(&last.params.grad, &whole.params.grad);
        layer_free(&whole);
        layer_free(&last);
    }
}
END_TEST

START_TEST(steps_come_first) {
    float from[2 * 3 * 2] = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15};
    const float want[] = {0, 1, 10, 11, 2, 3, 12, 13, 4, 5, 14, 15};
    Tensor to = {0}, sequences = tensor_view(from, 3, 2, 3, 2);
    Tensor pictures = tensor_view(from, 4, 2, 1, 3, 2);
    steps_first(&to, &sequences);
    ck_assert_str_eq(tensor_shape(&to).text, "[3, 2, 2]");
    ck_assert(memcmp(to.data, want, sizeof want) == 0);
    tensor_fill(&to, 0);
    steps_first(&to, &pictures);
    ck_assert(memcmp(to.data, want, sizeof want) == 0);
    tensor_free(&to);
}
END_TEST

// Uniform in +-1 / sqrt(H): no one outside, some near either end.
START_TEST(initial_weights) {
    Layer l;
    layer_init(&l, LSTM, 1, 1, 10, 25);
    Rng rng;
    rng_seed(&rng, 1);
    cell_init(&l.w, &rng);
    const Tensor *all = &l.params.value;
    float low = 0, high = 0;
    for (size_t i = 0; i < all->size; i++) {
        low = fminf(low, all->data[i]);
        high = fmaxf(high, all->data[i]);
    }
    ck_assert(low >= -0.2f && low < -0.199f);
    ck_assert(high <= 0.2f && high > 0.199f);
    layer_free(&l);
}
END_TEST

START_TEST(other_inputs_abort) {
    Layer l;
    layer_init(&l, GRU, 2, 2, 3, 4);
    Tensor x = noise_tensor(1, 2, 2, 5, 0);
    recurrent_forward(&l.cell, &x, &l.w);
}
END_TEST

START_TEST(a_start_of_another_size_aborts) {
    Layer l;
    layer_init(&l, RNN, 2, 2, 3, 4);
    give_start(&l, 3, 4);
    recurrent_forward(&l.cell, &l.x, &l.w);
}
END_TEST

START_TEST(an_lstm_needs_both_starts) {
    Layer l;
    layer_init(&l, LSTM, 2, 2, 3, 4);
    give_start(&l, 2, 4);
    l.cell.c0 = (Tensor){0};
    recurrent_forward(&l.cell, &l.x, &l.w);
}
END_TEST

START_TEST(a_gradient_of_another_size_aborts) {
    Layer l;
    layer_init(&l, LSTM, 2, 2, 3, 4);
    l.dh = noise_tensor(1, 3, 2, 4, 0);
    run(&l, recurrent_forward, recurrent_backward);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {same_as_pytorch},
        {same_as_the_definition},
        {gates_are_kept},
        {gradients_are_slopes},
        {nets_gradients_are_slopes},
        {same_bits_for_any_number_of_threads},
        {carrying_on_is_the_same_as_not_stopping},
        {only_the_last_state_may_be_used},
        {steps_come_first},
        {initial_weights},
        {other_inputs_abort, .signal = SIGABRT},
        {a_start_of_another_size_aborts, .signal = SIGABRT},
        {an_lstm_needs_both_starts, .signal = SIGABRT},
        {a_gradient_of_another_size_aborts, .signal = SIGABRT},
    };
    return run_tests("recurrent", tests, sizeof tests / sizeof *tests);
}
