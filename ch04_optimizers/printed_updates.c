// printed_updates.c - the updates as the lectures print them (优化算法)
//
// common/optim.c has the forms of PyTorch. Some of the printed ones differ.
// Momentum (动量法) and Nesterov keep the learning rate (学习率) inside the
// velocity: v = rho v - eta g instead of m = rho m + g and a step of -eta m.
// Both take the same path until the rate is cut. Adadelta has its epsilon in
// another place, which shows once gradients are small. RMSProp has none, and
// divides 0 by 0. Here each printed update is a function of a few lines, and
// runs beside the library's.
//
// Source: A Table 3.1, rows 2, 3 and 6; B, momentum and its sum, RMSProp, Adam.
// Run: make printed_updates && ./printed_updates
// Ends with: result: printed_step=-2.75 library_step=-0.50 ...
//
// Contents: 1 as printed  2 the library's  3 tables  4 figure  5 main
//
// Try: --rho 0.99, and see how long the printed form glides on;
//      --after 0.3, no cut, and the two columns are the same.

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "optim.h"
#include "run.h"

// ---- 1. As printed ----------------------------------------------------------

// One weight: theta, the printed velocity g_k, the two means t_k and Delta_k.
typedef struct {
    double theta, g, t, delta;
} Printed;

// [A Table 3.1 momentum] g_k = beta g_{k-1} - alpha dL,
// theta_k = theta_{k-1} + g_k
// [B momentum] dtheta_t = rho dtheta_{t-1} - eta g_t
static void momentum_as_printed(Printed *p, double gradient, double alpha,
                                double beta) {
    p->g = beta * p->g - alpha * gradient;
    p->theta += p->g;
}

// Nesterov differs in where the gradient is taken, and the caller takes it:
static double nesterov_ahead(const Printed *p, double beta) {
    return p->theta + beta * p->g;
}

// [A Table 3.1 Nesterov] g_k = beta g_{k-1} - alpha dL(ahead),
// ahead = theta_{k-1} + beta g_{k-1},  theta_k = theta_{k-1} + g_k
static void nesterov_as_printed(Printed *p, double gradient_ahead, double alpha,
                                double beta) {
    momentum_as_printed(p, gradient_ahead, alpha, beta);
}

// [A Table 3.1 Adadelta] g_k = -sqrt(Delta_{k-1} + eps) / (sqrt(t_k) + eps) dL
static void adadelta_as_printed(Printed *p, double gradient, double gamma,
                                double epsilon) {
    p->t = gamma * p->t + (1.0 - gamma) * gradient * gradient;
    p->g = -sqrt(p->delta + epsilon) / (sqrt(p->t) + epsilon) * gradient;
    p->theta += p->g;
    p->delta = gamma * p->delta + (1.0 - gamma) * p->g * p->g;
}

// [B RMSProp] h = alpha h + (1 - alpha) g g,  W = W - eta g / sqrt(h)
static void rmsprop_as_printed(Printed *p, double gradient, double eta,
                               double alpha) {
    p->t = alpha * p->t + (1.0 - alpha) * gradient * gradient;
    p->g = -eta / sqrt(p->t) * gradient;
    p->theta += p->g;
}

// [B momentum sum] dtheta_t = -eta sum over tau = 1 .. t of rho^(t - tau) g_tau
static double momentum_sum(const double *g, int t, double eta, double rho) {
    double sum = 0.0;
    for (int tau = 1; tau <= t; tau++)
        sum += pow(rho, t - tau) * g[tau - 1];
    return -eta * sum;
}

// ---- 2. The library's -------------------------------------------------------

// One weight and its optimizer of common/optim.c.
typedef struct {
    float w, g;
    Optimizer optimizer;
} Library;

static void library_init(Library *l, OptimizerKind kind, float w) {
    *l = (Library){.w = w};
    optimizer_init(&l->optimizer, kind, optimizer_usual_lr(kind));
}

// The step that w takes with this gradient.
static double library_step(Library *l, double gradient) {
    Tensor w = tensor_view(&l->w, 1, 1), g = tensor_view(&l->g, 1, 1);
    float before = l->w;
    l->g = (float)gradient;
    optimizer_step(&l->optimizer, &w, &g);
    return (double)l->w - (double)before;
}

static double library_ahead(Library *l) {
    Tensor w = tensor_view(&l->w, 1, 1);
    optimizer_look_ahead(&l->optimizer, &w);
    return (double)l->w;
}

// ---- 3. Tables --------------------------------------------------------------

enum { CUT = 500, SHOWN = 560 }; // B's first cut; how far the chart goes

typedef struct {
    CommonOptions common;
    float rho, before, after; // momentum; the rate before and after the cut
} Options;

// The step of each form at each t = 1 .. SHOWN, with g = 1 in every step.
typedef struct {
    double printed[SHOWN + 1], library[SHOWN + 1], sum_after;
} Glide;

static void glide(Glide *out, const Options *o) {
    Printed p = {0};
    Library l;
    double g[SHOWN];
    library_init(&l, MOMENTUM, 0.0f);
    l.optimizer.momentum = o->rho;

    for (int t = 1; t <= SHOWN; t++) {
        float rate = t <= CUT ? o->before : o->after;
        g[t - 1] = 1.0;
        momentum_as_printed(&p, g[t - 1], (double)rate, (double)o->rho);
        out->printed[t] = p.g;

        l.optimizer.lr = rate;
        l.w = 0.0f; // a step from 0 is not rounded to the last digit of w
        out->library[t] = library_step(&l, g[t - 1]);
    }
    out->sum_after = momentum_sum(g, CUT + 1, (double)o->after, (double)o->rho);
    optimizer_free(&l.optimizer);
}

static void print_glide(const Glide *out, const Options *o) {
    const int rows[] = {1, 2, 10, CUT, CUT + 1, CUT + 2, CUT + 10, CUT + 50};
    printf("Momentum %g, gradient 1 in every step, rate %g for %d steps and "
           "then %g:\nstep t with the rate inside the velocity (A, B) and "
           "outside (library)\n\n  %5s %8s %12s %12s\n",
           (double)o->rho, (double)o->before, CUT, (double)o->after, "t",
           "rate", "as printed", "library");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int t = rows[i];
        printf("  %5d %8g %12.4f %12.4f\n", t,
               (double)(t <= CUT ? o->before : o->after), out->printed[t],
               out->library[t]);
    }
    printf("\nB's sum, -rate (rho^(t-1) g_1 + ... + g_t), gives %.4f at t = "
           "%d: it is B's\nrecursion only as long as the rate is "
           "constant.\n\n",
           out->sum_after, CUT + 1);
}

// The largest |difference| of the weights in 200 steps on L = w^2 / 2 from 1,
// with a rate of 0.1 that is divided by `cut` after 20 steps.
static double largest_difference(OptimizerKind kind, double cut) {
    Printed p = {.theta = 1.0};
    Library l;
    double most = 0.0, beta = 0.9;
    library_init(&l, kind, 1.0f);
    for (int k = 0; k < 200; k++) {
        double alpha = k < 20 ? 0.1 : 0.1 / cut;
        l.optimizer.lr = (float)alpha;
        if (kind == NESTEROV)
            nesterov_as_printed(&p, nesterov_ahead(&p, beta), alpha, beta);
        else
            momentum_as_printed(&p, p.theta, alpha, beta);
        library_step(&l, library_ahead(&l)); // of the bowl, g = theta
        most = fmax(most, fabs(p.theta - (double)l.w));
    }
    optimizer_free(&l.optimizer);
    return most;
}

static void print_differences(void) {
    printf("The same on L = w^2 / 2, momentum 0.9, 200 steps from w = 1: the "
           "largest\ndifference between the weights of the two forms\n\n"
           "  %-9s %17s %26s\n",
           "", "rate 0.1", "0.1, after 20 steps 0.01");
    for (int kind = MOMENTUM; kind <= NESTEROV; kind++)
        printf("  %-9s %17.1e %26.4f\n", optimizer_name((OptimizerKind)kind),
               largest_difference((OptimizerKind)kind, 1.0),
               largest_difference((OptimizerKind)kind, 10.0));
    printf("\n");
}

// How far 100 steps with a constant gradient lead.
static double adadelta_printed(double gradient) {
    Printed p = {0};
    for (int k = 0; k < 100; k++)
        adadelta_as_printed(&p, gradient, 0.9, 1e-6);
    return p.theta;
}

static double adadelta_library(double gradient) {
    Library l;
    library_init(&l, ADADELTA, 0.0f);
    for (int k = 0; k < 100; k++)
        library_step(&l, gradient);
    optimizer_free(&l.optimizer);
    return (double)l.w;
}

static void print_adadelta(void) {
    printf("Adadelta, 100 steps with the same gradient: how far w moves, with\n"
           "sqrt(t) + eps (A) and with sqrt(v + eps) (Zeiler, library)\n\n"
           "  %8s %13s %13s %9s\n",
           "gradient", "as printed", "library", "ratio");
    for (int power = 0; power <= 8; power += 2) {
        double g = pow(10.0, -power);
        printf("  %8.0e %13.4e %13.4e %9.4g\n", g, -adadelta_printed(g),
               -adadelta_library(g), adadelta_printed(g) / adadelta_library(g));
    }
    printf("\n");
}

// 100 steps with the same gradient; returns the last one, the library's too.
static Printed rmsprop_steps(double gradient, double *library) {
    Printed p = {0};
    Library l;
    library_init(&l, RMSPROP, 0.0f);
    l.optimizer.lr = 1.0f;
    for (int k = 0; k < 100; k++) {
        rmsprop_as_printed(&p, gradient, 1.0, 0.9);
        l.w = 0.0f;
        *library = library_step(&l, gradient);
    }
    optimizer_free(&l.optimizer);
    return p;
}

static void print_rmsprop(void) {
    const double gradients[] = {0.001, 0.1, 1.0, 10.0, 0.0};
    printf(
        "RMSProp, rate 1, the 100th step with the same gradient: 1 / sqrt(h) "
        "enlarges\nsmall gradients and reduces large ones, to steps of one "
        "length\n\n  %8s %14s %13s %13s\n",
        "gradient", "1 / sqrt(h)", "B, no eps", "library");
    for (size_t i = 0; i < sizeof gradients / sizeof *gradients; i++) {
        double library;
        Printed p = rmsprop_steps(gradients[i], &library);
        if (isnan(p.g))
            printf("  %8g %14s %13s %13.4f\n", gradients[i], "1 / 0", "0 / 0",
                   library);
        else
            printf("  %8g %14.4f %13.4f %13.4f\n", gradients[i],
                   1.0 / sqrt(p.t), p.g, library);
    }
    printf("\n");
}

// [B Adam] m^ = m / (1 - beta1^t),  v^ = v / (1 - beta2^t)
static void print_adam(void) {
    const double gradient = 0.5;
    Library l;
    library_init(&l, ADAM, 0.0f);
    printf("Adam, gradient 0.5 in every step: m^ is 0.5 and v^ 0.25 from "
           "the first step on\n\n  %5s %9s %9s %12s %9s\n",
           "t", "m", "m^", "v", "v^");
    for (int t = 1; t <= 1000; t++) {
        library_step(&l, gradient);
        if (t != 1 && t != 2 && t != 10 && t != 100 && t != 1000)
            continue;
        const Optimizer *o = &l.optimizer;
        double m = (double)o->m.data[0], v = (double)o->v.data[0];
        printf("  %5d %9.4f %9.4f %12.6f %9.4f\n", t, m,
               m / (1.0 - pow((double)o->beta1, t)), v,
               v / (1.0 - pow((double)o->beta2, t)));
    }
    printf("\n");
    optimizer_free(&l.optimizer);
}

// ---- 4. Figure --------------------------------------------------------------

static void draw(const Glide *out, const Options *o) {
    Figure f;
    if (!figure_open(&f, "ch04", "printed_updates", o->common.plot))
        return;
    figure_title(&f,
                 "First step after the cut: %.2f with the rate in the "
                 "velocity, %.2f outside",
                 out->printed[CUT + 1], out->library[CUT + 1]);
    figure_caption(&f,
                   "Momentum with gradient 1 in every step. The rate is cut "
                   "from %g to %g; inside, old gradients keep the old rate.",
                   (double)o->before, (double)o->after);
    figure_table(&f, "t,printed,library");
    for (int t = CUT - 20; t <= SHOWN; t++)
        figure_row(&f, t, out->printed[t], out->library[t]);
    figure_x(&f, "step");
    figure_y(&f, "change of the weight");
    figure_range(&f, 'y', NAN, 0.0);
    figure_lines(&f, 1, 2, "inside (A and B)");
    figure_lines(&f, 1, 3, "outside (library)");
    figure_vertical(&f, CUT, "rate cut");
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    Options o = {.rho = 0.9f, .before = 0.3f, .after = 0.05f};
    const Option table[] = {
        option_float("rho", &o.rho, 0.0, 0.999, "momentum in the first table"),
        option_float("before", &o.before, 1e-6, 10.0,
                     "rate of the first steps"),
        option_float("after", &o.after, 1e-6, 10.0, "rate after the cut"),
    };
    cli_parse(&o.common, "printed_updates",
              "Momentum, Nesterov, Adadelta, RMSProp and Adam as the lectures "
              "print them, beside the library's forms.",
              table, sizeof table / sizeof *table, argc, argv);
    Glide out;
    glide(&out, &o);
    if (!o.common.quiet) {
        print_glide(&out, &o);
        print_differences();
        print_adadelta();
        print_rmsprop();
        print_adam();
    }
    draw(&out, &o);
    run_result("printed_step=%.2f library_step=%.2f sum=%.2f "
               "momentum_difference=%.1e momentum_difference_cut=%.4f "
               "adadelta_ratio=%.4g",
               out.printed[CUT + 1], out.library[CUT + 1], out.sum_after,
               largest_difference(MOMENTUM, 1.0),
               largest_difference(MOMENTUM, 10.0),
               adadelta_printed(1e-4) / adadelta_library(1e-4));
    return run_end();
}
