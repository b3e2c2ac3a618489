// reduce.c - 784 dimensions drawn in two: PCA, SVD and t-SNE (降维)
//
// Principal components (主成分分析) keep the directions in which digits differ
// most; the singular values (SVD 分解) of the zero-mean data give the same
// without a covariance. Both only turn and flatten. t-SNE bends: neighbors in
// 784 dimensions are to be neighbors on paper, whatever becomes of the rest.
//
// Source: D, PCA, SVD and t-SNE (in words only). t-SNE: van der Maaten & Hinton
// 2008, algorithm 1 and its constants.
// Run: make reduce && ./reduce
// Ends with: result: pca_trust=0.7.. svd_trust=0.7.. tsne_trust=0.9.. ...
//
// Contents: 1 distances  2 SVD  3 t-SNE: neighbors  4 t-SNE: descent
//           5 trustworthiness  6 figures  7 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "data.h"
#include "figure.h"
#include "integers.h"
#include "memory.h"
#include "pca.h"
#include "progress.h"
#include "run.h"
#include "svd.h"
#include "threads.h"

// ---- 1. Distances -----------------------------------------------------------

// What the parts need: one part for each row of d.
typedef struct {
    Tensor *d;
    const Tensor *x;
} Distances;

static void distance_row(void *context, int i) {
    const Distances *s = context;
    const int N = s->x->shape[0], D = (int)(s->x->size / (size_t)N);
    const float *a = s->x->data + (size_t)i * (size_t)D;
    for (int j = 0; j < N; j++) {
        const float *b = s->x->data + (size_t)j * (size_t)D;
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int k = 0; k < D; k++)
            sum += (a[k] - b[k]) * (a[k] - b[k]);
        s->d->data[i * N + j] = sum;
    }
}

// d [N, N]: d_ij = |x_i - x_j|^2 for the rows of x [N, ...].
static void squared_distances(Tensor *d, const Tensor *x) {
    const int N = x->shape[0];
    tensor_resize(d, 2, N, N);
    threads_run(N, distance_row, &(Distances){d, x});
}

// ---- 2. Singular values -----------------------------------------------------

// [D SVD] X - m = U S V^T
// The coordinates y [N, 2] are the first two columns of U S; *apart is how far
// the SVD is from the principal components: eigenvalues against s^2 / (N - 1),
// relative to the largest, and coordinates (up to a sign), relative to the
// farthest.
static void svd_map(Tensor *y, double *apart, const Tensor *x, const Pca *pca,
                    const Tensor *pca_map) {
    const int N = x->shape[0], D = pca->mean.shape[0];
    double *columns = mem_alloc((size_t)N * (size_t)D, sizeof *columns);
    double *singular = mem_alloc((size_t)D, sizeof *singular);
    for (ptrdiff_t n = 0; n < N; n++)
        for (ptrdiff_t d = 0; d < D; d++)
            columns[d * N + n] =
                (double)x->data[n * D + d] - (double)pca->mean.data[d];
    svd_columns(columns, singular, D, N);

    *apart = 0.0;
    for (int d = 0; d < D; d++) {
        double variance = singular[d] * singular[d] / (N - 1);
        double error = fabs(variance - (double)pca->variance.data[d]);
        *apart = fmax(*apart, error / (double)pca->variance.data[0]);
    }
    tensor_resize(y, 2, N, 2);
    for (int k = 0; k < 2; k++) {
        double same = 0.0, farthest = 0.0, error = 0.0;
        for (ptrdiff_t n = 0; n < N; n++)
            same += columns[k * N + n] * (double)pca_map->data[2 * n + k];
        for (ptrdiff_t n = 0; n < N; n++) {
            double at = columns[k * N + n];
            y->data[2 * n + k] = (float)at;
            double there = copysign((double)pca_map->data[2 * n + k],
                                    same * (double)pca_map->data[2 * n + k]);
            error = fmax(error, fabs(at - there));
            farthest = fmax(farthest, fabs(at));
        }
        *apart = fmax(*apart, error / farthest);
    }
    mem_free(columns);
    mem_free(singular);
}

// ---- 3. t-SNE: neighbors ---------------------------------------------------

// p_j = exp(-beta d_j) / sum, with p_i = 0; returns the entropy in nats,
//     H = - sum of p_j log p_j = log(sum) + beta * (sum of p_j d_j)
static double neighbor_row(float *p, const float *d, int i, int N,
                           double beta) {
    double nearest = (double)INFINITY, sum = 0.0, mean = 0.0;
    for (int j = 0; j < N; j++) // it cancels, and keeps exp from all being 0
        if (j != i)
            nearest = fmin(nearest, (double)d[j]);
    for (int j = 0; j < N; j++) {
        double away = (double)d[j] - nearest;
        double value = j == i ? 0.0 : exp(-beta * away);
        p[j] = (float)value;
        sum += value;
        mean += value * away;
    }
    for (int j = 0; j < N; j++)
        p[j] = (float)((double)p[j] / sum);
    return log(sum) + beta * mean / sum;
}

// What the parts need: one part for each row of one_way, a point's neighbors.
typedef struct {
    Tensor *one_way;
    const Tensor *d;
    double perplexity;
} Neighbors;

// beta_i = 1 / (2 sigma_i^2) is such that exp(H_i) is the perplexity, the
// number of neighbors that every point has: found by bisection, since H falls
// with beta.
static void find_neighbors(void *context, int i) {
    const Neighbors *s = context;
    const int N = s->d->shape[0];
    double beta = 1.0, low = 0.0, high = (double)INFINITY;
    for (int step = 0; step < 60; step++) {
        double H = neighbor_row(s->one_way->data + (ptrdiff_t)i * N,
                                s->d->data + (ptrdiff_t)i * N, i, N, beta);
        if (fabs(H - log(s->perplexity)) < 1e-5)
            break;
        if (H > log(s->perplexity))
            low = beta;
        else
            high = beta;
        beta = isinf(high) ? 2.0 * beta : 0.5 * (low + high);
    }
}

// [Van der Maaten 2008 p] p_j|i = exp(-beta_i d_ij) / sum_k exp(-beta_i d_ik)
// Then p_ij = (p_j|i + p_i|j) / (2 N).
static void neighbors(Tensor *p, const Tensor *d, double perplexity) {
    const int N = d->shape[0];
    Tensor one_way = {0};
    tensor_resize(&one_way, 2, N, N);
    threads_run(N, find_neighbors, &(Neighbors){&one_way, d, perplexity});
    tensor_resize(p, 2, N, N);
    for (ptrdiff_t i = 0; i < N; i++)
        for (ptrdiff_t j = 0; j < N; j++)
            p->data[i * N + j] =
                (one_way.data[i * N + j] + one_way.data[j * N + i]) /
                (2.0f * (float)N);
    tensor_free(&one_way);
}

// ---- 4. t-SNE: descent ------------------------------------------------------

// The map, a row per coordinate, so that a loop over points runs along memory.
typedef struct {
    int N;
    Tensor p;        // [N, N]
    Tensor y;        // [2, N]
    Tensor dy;       // [2, N]
    Tensor velocity; // [2, N]
    Tensor gain;     // [2, N]
} Tsne;

static void tsne_init(Tsne *t, const Tensor *x, double perplexity, Rng *rng) {
    Tensor d = {0};
    *t = (Tsne){.N = x->shape[0]};
    squared_distances(&d, x);
    neighbors(&t->p, &d, perplexity);
    tensor_free(&d);
    tensor_resize(&t->y, 2, 2, t->N);
    tensor_resize_like(&t->dy, &t->y);
    tensor_resize_like(&t->velocity, &t->y);
    tensor_resize_like(&t->gain, &t->y);
    tensor_fill(&t->velocity, 0.0f);
    tensor_fill(&t->gain, 1.0f);
    for (size_t i = 0; i < t->y.size; i++)
        t->y.data[i] = 0.01f * rng_normal(rng);
}

static void tsne_free(Tsne *t) {
    tensor_free(&t->p);
    tensor_free(&t->y);
    tensor_free(&t->dy);
    tensor_free(&t->velocity);
    tensor_free(&t->gain);
}

// What pulls point i (its neighbors) and what pushes it (all points):
//     pull = sum of p_ij u_ij (y_i - y_j)     u_ij = 1 / (1 + |y_i - y_j|^2)
//     push = sum of u_ij^2 (y_i - y_j)
// Returns the sum of u_ij over j, without j = i.
static float forces(float pull[2], float push[2], const Tsne *t, int i) {
    const float *a = t->y.data, *b = a + t->N;
    const float *p = t->p.data + (ptrdiff_t)i * t->N;
    float sum = 0.0f, pull0 = 0.0f, pull1 = 0.0f, push0 = 0.0f, push1 = 0.0f;
#pragma omp simd reduction(+ : sum, pull0, pull1, push0, push1)
    for (int j = 0; j < t->N; j++) {
        float da = a[i] - a[j], db = b[i] - b[j];
        float u = 1.0f / (1.0f + da * da + db * db);
        sum += u;
        pull0 += p[j] * u * da;
        pull1 += p[j] * u * db;
        push0 += u * u * da;
        push1 += u * u * db;
    }
    pull[0] = pull0, pull[1] = pull1, push[0] = push0, push[1] = push1;
    return sum - 1.0f; // u_ii = 1
}

// What the parts need: one part for each strip of points.
typedef struct {
    const Tsne *t;
    float *pull, *push, *sums; // [N, 2], [N, 2], [N]
} Forces;

enum { POINTS = 16 }; // in a strip: some ten microseconds

static void forces_of_strip(void *context, int part) {
    const Forces *f = context;
    const int first = part * POINTS, end = min_int(first + POINTS, f->t->N);
    for (int i = first; i < end; i++)
        f->sums[i] = forces(f->pull + 2 * i, f->push + 2 * i, f->t, i);
}

// [Van der Maaten 2008 q] q_ij = u_ij / Z, Z = sum of all u_kl
//     dKL/dy_i = 4 sum over j of (p_ij - q_ij) u_ij (y_i - y_j)
//              = 4 (exaggeration * pull - push / Z)
static void tsne_gradient(Tsne *t, float exaggeration) {
    const int N = t->N;
    float *pull = mem_alloc((size_t)N * 4, sizeof *pull);
    float *push = pull + (ptrdiff_t)2 * N;
    float *sums = mem_alloc((size_t)N, sizeof *sums);
    threads_run(ceil_div(N, POINTS), forces_of_strip,
                &(Forces){t, pull, push, sums});
    double Z = 0.0; // added up in order, whatever the number of threads
    for (int i = 0; i < N; i++)
        Z += (double)sums[i];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 2; k++)
            t->dy.data[k * N + i] = 4.0f * (exaggeration * pull[2 * i + k] -
                                            push[2 * i + k] / (float)Z);
    mem_free(pull);
    mem_free(sums);
}

// A coordinate whose gradient keeps its sign (against the velocity) speeds up,
// one that swings slows down (Jacobs 1988).
static void tsne_step(Tsne *t, float lr, float momentum) {
    for (size_t i = 0; i < t->y.size; i++) {
        float *gain = &t->gain.data[i], *v = &t->velocity.data[i];
        bool swings = (t->dy.data[i] > 0.0f) == (*v > 0.0f);
        *gain = swings ? fmaxf(0.8f * *gain, 0.01f) : *gain + 0.2f;
        *v = momentum * *v - lr * *gain * t->dy.data[i];
        t->y.data[i] += *v;
    }
    for (int k = 0; k < 2; k++) { // KL does not care where the middle is
        double middle = 0.0;
        for (int i = 0; i < t->N; i++)
            middle += (double)t->y.data[k * t->N + i] / t->N;
        for (int i = 0; i < t->N; i++)
            t->y.data[k * t->N + i] -= (float)middle;
    }
}

// [Van der Maaten 2008 q] KL(P || Q) = sum over i != j of p_ij log(p_ij / q_ij)
static double tsne_divergence(const Tsne *t) {
    const int N = t->N;
    const float *a = t->y.data, *b = a + N;
    double Z = 0.0, sum = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            float da = a[i] - a[j], db = b[i] - b[j];
            float square = 1.0f + da * da + db * db;
            double p = (double)t->p.data[(ptrdiff_t)i * N + j];
            Z += i == j ? 0.0 : 1.0 / (double)square;
            if (p > 0.0)
                sum += p * log(p * (double)square);
        }
    return sum + log(Z); // the p_ij add up to 1
}

typedef struct {
    CommonOptions common;
    int epochs, limit;
    float lr, perplexity;
    const char *data;
} Options;

// van der Maaten & Hinton's schedule: for 50 steps all p are taken 4 times too
// large, so that clusters form while there is room to move; from step 250 on,
// more momentum. Returns the final divergence.
static double tsne_train(Tsne *t, const Options *o) {
    enum { EXAGGERATED = 50, SLOW = 250, LOOK = 50 };
    Progress progress;
    double divergence = tsne_divergence(t);
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        tsne_gradient(t, epoch <= EXAGGERATED ? 4.0f : 1.0f);
        tsne_step(t, o->lr, epoch <= SLOW ? 0.5f : 0.8f);
        if (epoch % LOOK == 0 || epoch == o->epochs)
            divergence = tsne_divergence(t);
        progress_batch(&progress, (float)divergence);
    }
    progress_mean_loss(&progress); // wipes the bar
    return finished(divergence);
}

// ---- 5. Trustworthiness -----------------------------------------------------

// What the parts need: one part for each point, and what each one costs.
typedef struct {
    const Tensor *there; // [N, N]: squared distances in the data
    Tensor *here;        // on the map; those that were counted are infinite
    int k;
    long *cost; // [N]
} FalseFriends;

static void count_false_friends(void *context, int i) {
    const FalseFriends *f = context;
    const int N = f->here->shape[0];
    const float *there = f->there->data + (ptrdiff_t)i * N;
    float *here = f->here->data + (ptrdiff_t)i * N;
    here[i] = INFINITY;
    for (int friends = 0; friends < f->k; friends++) {
        int j = 0, rank = 0; // the nearest left, and its rank in the data
        for (int l = 1; l < N; l++)
            j = here[l] < here[j] ? l : j;
        here[j] = INFINITY;
        for (int l = 0; l < N; l++)
            rank += l != i && there[l] <= there[j];
        f->cost[i] += max_int(0, rank - f->k);
    }
}

// Whoever is among the k nearest on the map, but only the r-th nearest in the
// data, is a false friend and costs r - k (Venna & Kaski 2001):
//     T = 1 - 2 / (N k (2 N - 3 k - 1)) * sum of max(0, r - k)
// 1: no false friends; about 0.5: the map is random. d: squared distances in
// the data, y [N, 2] the map, k < N / 2.
static double trustworthiness(const Tensor *d, const Tensor *y, int k) {
    const int N = d->shape[0];
    Tensor map = {0};
    squared_distances(&map, y);
    long *costs = mem_alloc((size_t)N, sizeof *costs), cost = 0;
    threads_run(N, count_false_friends, &(FalseFriends){d, &map, k, costs});
    for (int i = 0; i < N; i++)
        cost += costs[i];
    mem_free(costs);
    tensor_free(&map);
    return 1.0 - 2.0 * (double)cost / ((double)N * k * (2.0 * N - 3.0 * k - 1));
}

// ---- 6. Figures -------------------------------------------------------------

static void draw_variance(const Pca *pca, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "reduce_variance", format))
        return;
    int most = 1; // so many keep nine tenths
    while (pca_explained(pca, most) < 0.9)
        most++;
    figure_title(&f,
                 "%d of %d components keep 90 %% of the variance, two keep "
                 "%.0f %%",
                 most, pca->variance.shape[0], 100.0 * pca_explained(pca, 2));
    figure_caption(&f, "How much of the digits' variance the first principal "
                       "components keep together.");
    figure_table(&f, "components,explained");
    for (int k = 0; k <= 200; k++)
        figure_row(&f, k, 100.0 * pca_explained(pca, k));
    figure_x(&f, "principal components");
    figure_y(&f, "variance kept (%%)");
    figure_range(&f, 'y', 0.0, 100.0);
    figure_lines(&f, 1, 2, "");
    figure_horizontal(&f, 90.0, "");
    figure_vertical(&f, most, "%d", most);
    figure_close(&f);
}

enum { PCA, SVD, TSNE, MAPS };

// PCA beside t-SNE: the map of the singular values is that of PCA.
static void draw_maps(const Tensor map[MAPS], const double trust[MAPS],
                      const int *labels, const char *source,
                      const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "reduce_maps", format))
        return;
    figure_title(&f,
                 "Trustworthiness of neighbors on the map: %.2f with PCA, %.2f "
                 "with t-SNE",
                 trust[PCA], trust[TSNE]);
    figure_caption(
        &f,
        "The same %d digits (%s), 784 pixels each, at their two coordinates: "
        "PCA only rotates and projects, t-SNE also bends.",
        map[PCA].shape[0], source);
    for (int m = PCA; m < MAPS; m += TSNE) {
        figure_panel(&f,
                     m == PCA ? "PCA: trustworthiness %.3f"
                              : "t-SNE: trustworthiness %.3f",
                     trust[m]);
        figure_panel_size(&f, 440, 400);
        figure_x(&f, "first coordinate");
        figure_y(&f, "second coordinate");
        figure_table(&f, "x,y,class");
        for (int n = 0; n < map[m].shape[0]; n++)
            figure_row(&f, map[m].data[2 * n], map[m].data[2 * n + 1],
                       labels[n]);
        figure_digits(&f, 1, 2, 3);
    }
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 100000, "steps of t-SNE"),
        option_float("lr", &o->lr, 1e-9, 1e6, "learning rate of t-SNE"),
        option_float("perplexity", &o->perplexity, 1.5, 1000.0,
                     "how many neighbors a digit has, for t-SNE"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 10, 10000, "digits to be drawn"),
    };
    cli_parse(&o->common, "reduce",
              "Draws digits of 784 pixels as points of the plane, by principal "
              "components, by singular values and by t-SNE.",
              table, sizeof table / sizeof *table, argc, argv);
}

// The first rows of the training set, all in one batch.
static void read_digits(Batches *b, Digits *digits, const Options *o) {
    Error err;
    if (!digits_load(digits, o->data, o->limit, o->common.seed, &err))
        die("%s", err.message);
    if (digits->train.count < 10)
        die("%d digits are too few for a map; give --limit 10 or more",
            digits->train.count);
    digits_say(digits, o->common.quiet);
    batches_init(b, &digits->train, digits->train.count);
    batches_next(b);
}

static void tsne_map(Tensor *y, double *divergence, const Tensor *x,
                     const Options *o) {
    Rng rng;
    Tsne t;
    const int N = x->shape[0];
    rng_seed(&rng, o->common.seed);
    tsne_init(&t, x, fmin((double)o->perplexity, (N - 1) / 3.0), &rng);
    *divergence = tsne_train(&t, o);
    tensor_resize(y, 2, N, 2);
    for (int n = 0; n < N; n++)
        for (int k = 0; k < 2; k++)
            y->data[2 * n + k] = t.y.data[k * N + n];
    tsne_free(&t);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 1000,
                 .limit = 1000,
                 .lr = 100.0f,
                 .perplexity = 30.0f};
    parse(&o, argc, argv);
    Digits digits;
    Batches b;
    read_digits(&b, &digits, &o);
    const int N = b.x.shape[0];

    Pca pca = {0};
    Tensor map[MAPS] = {0}, thirty = {0}, d = {0};
    double apart, divergence, trust[MAPS], start = seconds_now();
    pca_fit(&pca, &b.x);
    pca_project(&map[PCA], &pca, &b.x, 2);
    svd_map(&map[SVD], &apart, &b.x, &pca, &map[PCA]);
    double between = seconds_now();
    pca_project(&thirty, &pca, &b.x, 30); // less noise, as in the paper
    tsne_map(&map[TSNE], &divergence, &thirty, &o);
    double seconds = seconds_now() - between;
    squared_distances(&d, &b.x);
    for (int m = 0; m < MAPS; m++)
        trust[m] = trustworthiness(&d, &map[m], min_int(10, N / 4));
    trust[TSNE] = finished(trust[TSNE]);
    if (!o.common.quiet && !stop_requested()) {
        printf("PCA and SVD took %.1f s; they differ by %.1g at most\n",
               between - start, apart);
        printf("t-SNE took %.1f s; KL(P || Q) = %.3f\n\n", seconds, divergence);
    }
    draw_variance(&pca, o.common.plot);
    draw_maps(map, trust, b.labels, digits_name(&digits), o.common.plot);
    run_result(
        "pca_trust=%.3f svd_trust=%.3f tsne_trust=%.3f apart=%.1e "
        "explained_2=%.3f divergence=%.3f seconds=%.1f seed=%llu data=%s",
        trust[PCA], trust[SVD], trust[TSNE], apart, pca_explained(&pca, 2),
        divergence, seconds_now() - start, (unsigned long long)o.common.seed,
        digits_name(&digits));
    for (int m = 0; m < MAPS; m++)
        tensor_free(&map[m]);
    tensor_free(&thirty);
    tensor_free(&d);
    pca_free(&pca);
    batches_free(&b);
    digits_free(&digits);
    return run_end();
}
