// image_digit.c - a digit from a photo, made to look like one of MNIST's.
//
// The net has seen nothing but MNIST: bright ink on black, 20 pixels high or
// wide, centered. What it is shown must be made the same way, or the best net
// reads nonsense. image_ink.c finds the ink; here we choose among its patches
// the one that is the digit, and say when there is none or more than one.

#include "image.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image_ink.h"
#include "memory.h"

enum {
    SIDE = 28,   // of the result
    BOX = 20,    // longer side of the digit in it
    CENTER = 14, // the pixel in which the center of mass lies
};

// Ink lies in rows top .. bottom-1 and columns left .. right-1.
typedef struct {
    int left, top, right, bottom;
} Box;

// ---- 1. Connected components ------------------------------------------------

// Pixels of ink that hang together, by corners too.
typedef struct {
    Box box;
    int area;         // in pixels
    double mass;      // sum of its ink
    double strength;  // mean of its ink, weighted by itself
    int edge;         // how many of its pixels lie on the picture's edge
    int sides;        // how many of the picture's four sides it touches
    int corners;      // and corners
    bool framed;      // set if ink lies all along its box
} Patch;

typedef struct {
    const Tensor *ink; // [H, W]
    int *label;        // [H, W]: 0 paper, else 1 + the index of its patch
    Patch *patch;      // [count]
    int count;
} Patches;

static int width_of(Box b) {
    return b.right - b.left;
}

static int height_of(Box b) {
    return b.bottom - b.top;
}

static void patch_add(Patch *p, const Tensor *ink, int y, int x) {
    int bottom = ink->shape[0] - 1, right = ink->shape[1] - 1;
    double amount =
        (double)ink->data[(size_t)y * (size_t)ink->shape[1] + (size_t)x];
    p->box.left = x < p->box.left ? x : p->box.left;
    p->box.top = y < p->box.top ? y : p->box.top;
    p->box.right = x >= p->box.right ? x + 1 : p->box.right;
    p->box.bottom = y >= p->box.bottom ? y + 1 : p->box.bottom;
    p->area++;
    p->mass += amount;
    p->strength += amount * amount;
    p->edge += y == 0 || y == bottom || x == 0 || x == right;
    p->corners += (y == 0 || y == bottom) && (x == 0 || x == right);
}

// Collects the patch that the pixel `start` is in: a breadth-first search whose
// queue keeps all that was found.
static Patch patch_fill(Patches *all, int *queue, int start, float threshold) {
    int H = all->ink->shape[0], W = all->ink->shape[1], count = 0;
    Patch p = {.box = {W, H, 0, 0}};
    int label = all->count + 1;
    all->label[start] = label;
    queue[count++] = start;
    for (int i = 0; i < count; i++) {
        int y = queue[i] / W, x = queue[i] % W;
        patch_add(&p, all->ink, y, x);
        for (int k = 0; k < 9; k++) {
            int v = y + k / 3 - 1, u = x + k % 3 - 1, at = v * W + u;
            if (v >= 0 && v < H && u >= 0 && u < W && all->label[at] == 0 &&
                all->ink->data[at] > threshold) {
                all->label[at] = label;
                queue[count++] = at;
            }
        }
    }
    p.strength /= p.mass;
    p.sides = (p.box.left == 0) + (p.box.top == 0) + (p.box.right == W) +
              (p.box.bottom == H);
    return p;
}

// All patches of ink above threshold.
static void patches_find(Patches *all, const Tensor *ink, float threshold) {
    int *queue = mem_alloc_raw(ink->size, sizeof *queue);
    int room = 0;
    *all = (Patches){.ink = ink, .label = mem_alloc(ink->size, sizeof(int))};
    for (int i = 0; i < (int)ink->size; i++) {
        if (ink->data[i] <= threshold || all->label[i] != 0)
            continue;
        if (all->count == room) { // full: twice the room
            Patch *more = mem_alloc((size_t)(room = 2 * room + 64), sizeof *more);
            if (all->count > 0)
                memcpy(more, all->patch, (size_t)all->count * sizeof *more);
            mem_free(all->patch);
            all->patch = more;
        }
        Patch p = patch_fill(all, queue, i, threshold);
        all->patch[all->count++] = p;
    }
    mem_free(queue);
}

static void patches_free(Patches *all) {
    mem_free(all->label);
    mem_free(all->patch);
    *all = (Patches){0};
}

// ---- 2. Which patch is the digit --------------------------------------------

// Of the n places along a side of a patch's box, the fraction where the patch
// begins at most `depth` pixels inward.
static double covered(const int *label, int mine, ptrdiff_t along, int n,
                      ptrdiff_t inward, int depth) {
    int found = 0;
    for (int i = 0; i < n; i++) {
        int d = 0;
        while (d < depth && label[i * along + d * inward] != mine)
            d++;
        found += d < depth;
    }
    return (double)found / n;
}

// True if ink lies along at least 80 % of each side of the patch's box, not
// deeper than 8 % of it: a printed frame or a sheet, turned by 4 degrees or
// less.
static bool is_frame(const Patches *all, int index) {
    const Box b = all->patch[index].box;
    const int w = width_of(b), h = height_of(b), mine = index + 1;
    const ptrdiff_t row = all->ink->shape[1];
    const int *first = all->label + b.top * row + b.left;
    const int *last = all->label + (b.bottom - 1) * row + b.right - 1;
    const int deep_x = w * 8 / 100 + 1, deep_y = h * 8 / 100 + 1;
    const double enough = 0.8;
    return covered(first, mine, 1, w, row, deep_y) >= enough &&
           covered(first, mine, row, h, 1, deep_x) >= enough &&
           covered(last, mine, -1, w, -row, deep_y) >= enough &&
           covered(last, mine, -row, h, -1, deep_x) >= enough;
}

// A picture that was cropped tight cuts the digit on all four sides, but most
// of its edge is paper. A desk around the sheet fills the edge.
static bool is_cropped_tight(const Patches *all, const Patch *p) {
    int H = all->ink->shape[0], W = all->ink->shape[1];
    return p->sides == 4 && p->corners <= 2 && p->edge < H + W;
}

// Not specks, frames, stains and thumbs, nor what the picture's edge cuts.
static bool may_be_digit(const Patches *all, int index) {
    const Patch *p = &all->patch[index];
    int w = width_of(p->box), h = height_of(p->box);
    int longer = (int)fmax(all->ink->shape[0], all->ink->shape[1]);
    if (25 * h < longer) // digits of 4 % of the picture are read
        return false;
    if (p->sides > 0 && !is_cropped_tight(all, p))
        return false;
    if (5 * h > 8 * w) // so narrow a bar is a 1, however full its box is
        return true;
    // An ellipse fills pi / 4 = 0.785 of its box, the boldest digit less.
    return p->area < 0.75 * w * h && !is_frame(all, index);
}

// Large patches come first, and of equals the one nearest to the middle: at the
// picture's edge a patch counts half.
static double importance(const Patches *all, const Patch *p) {
    double H = all->ink->shape[0], W = all->ink->shape[1];
    double dx = (p->box.left + p->box.right - W) / W;
    double dy = (p->box.top + p->box.bottom - H) / H;
    double size = hypot(width_of(p->box), height_of(p->box));
    return size * (1 - 0.5 * fmin(1, hypot(dx, dy)));
}

// The index of the patch that is most likely the digit; -1 if none is.
static int find_main(const Patches *all) {
    int best = -1;
    double most = 0;
    for (int i = 0; i < all->count; i++)
        if (importance(all, &all->patch[i]) > most && may_be_digit(all, i)) {
            most = importance(all, &all->patch[i]);
            best = i;
        }
    return best;
}

// ---- 3. How dark ink must be ------------------------------------------------

// The digit as dark or as light ink.
typedef struct {
    Tensor ink; // [H, W], without lines
    Patches patches;
    int main;        // index of the digit's largest patch, or -1
    float threshold; // of the patches
    float faintest;  // ink that is more than noise
    float paper;     // ink that still counts as paper
} Choice;

static void choice_free(Choice *c) {
    tensor_free(&c->ink);
    patches_free(&c->patches);
}

static void choice_cut(Choice *c, float threshold) {
    patches_free(&c->patches);
    patches_find(&c->patches, &c->ink, threshold);
    c->threshold = threshold;
    c->main = find_main(&c->patches);
}

// Shadows, stains and lines may join the digit to the picture's edge. They are
// fainter: we raise the threshold until a digit stands free, and then to 40 % of
// its ink.
static void choose(Choice *c, const Tensor *photo, float noise) {
    Tensor all = {0};
    ink_find(&all, photo);
    // five deviations: of a million pixels of paper, hardly one
    const float lowest = fminf(fmaxf(0.08f, 5 * noise), 0.3f);
    *c = (Choice){.main = -1, .faintest = lowest};
    for (float t = lowest; c->main < 0 && t < 0.7f; t *= 1.5f) {
        tensor_copy(&c->ink, &all);
        ink_wipe_lines(&c->ink, t);
        choice_cut(c, t);
    }
    c->paper = c->threshold > lowest ? c->threshold : 0;
    if (c->main >= 0) {
        float found = c->threshold;
        float strong = 0.4f * (float)c->patches.patch[c->main].strength;
        choice_cut(c, fmaxf(found, strong));
        if (c->main < 0) // it fell to pieces
            choice_cut(c, found);
    }
    tensor_free(&all);
}

// ---- 4. The digit's pieces --------------------------------------------------

static Box box_union(Box a, Box b) {
    return (Box){
        a.left < b.left ? a.left : b.left, a.top < b.top ? a.top : b.top,
        a.right > b.right ? a.right : b.right,
        a.bottom > b.bottom ? a.bottom : b.bottom};
}

// How far two boxes are apart, along the axis on which it is farther.
static int box_gap(Box a, Box b) {
    int dx = (a.left > b.left ? a.left : b.left) -
             (a.right < b.right ? a.right : b.right);
    int dy = (a.top > b.top ? a.top : b.top) -
             (a.bottom < b.bottom ? a.bottom : b.bottom);
    int gap = dx > dy ? dx : dy;
    return gap > 0 ? gap : 0;
}

// A bar of a 5, half of a 4: near the digit, no dust, and no neighbor, which
// would be as high and beside it.
static bool is_piece(const Patch *main, Box digit, const Patch *p) {
    bool near = 7 * box_gap(digit, p->box) <= height_of(digit);
    int middle = (p->box.left + p->box.right) / 2;
    bool beside = middle < digit.left || middle >= digit.right;
    bool high = 10 * height_of(p->box) > 6 * height_of(main->box);
    return near && p->sides == 0 && p->mass >= 0.02 * main->mass &&
           !(beside && high);
}

// belongs [count]: true for the digit's pieces. Returns the box around them.
static Box find_pieces(bool *belongs, const Choice *c) {
    const Patch *main = &c->patches.patch[c->main];
    Box box = main->box;
    belongs[c->main] = true;
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < c->patches.count; i++) {
            const Patch *p = &c->patches.patch[i];
            if (belongs[i] || !is_piece(main, box, p))
                continue;
            belongs[i] = more = true;
            box = box_union(box, p->box);
        }
    }
    return box;
}

// True if some other patch might be a digit too: half as high or more.
static bool has_company(const Choice *c, const bool *belongs, Box digit) {
    for (int i = 0; i < c->patches.count; i++)
        if (!belongs[i] &&
            2 * height_of(c->patches.patch[i].box) >= height_of(digit) &&
            may_be_digit(&c->patches, i))
            return true;
    return false;
}

// Pixels that belong to the digit, in the order they were found.
typedef struct {
    uint8_t *inside; // [H, W]
    int *pixel;
    int count;
} Region;

// Adds the pixels around pixels first .. end-1 that have some ink.
static void region_grow(Region *r, const Choice *c, const bool *belongs,
                        int first, int end) {
    int H = c->ink.shape[0], W = c->ink.shape[1];
    for (int i = first; i < end; i++)
        for (int k = 0; k < 9; k++) {
            int y = r->pixel[i] / W + k / 3 - 1;
            int x = r->pixel[i] % W + k % 3 - 1, at = y * W + x;
            if (y < 0 || y >= H || x < 0 || x >= W || r->inside[at] ||
                c->ink.data[at] <= c->faintest)
                continue;
            int label = c->patches.label[at];
            if (label > 0 && !belongs[label - 1])
                continue; // somebody else's
            r->inside[at] = 1;
            r->pixel[r->count++] = at;
        }
}

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// The ink that counts as 1: of the region's pixels, 5 % have more.
static float strong_ink(const Choice *c, const Region *r) {
    enum { SAMPLES = 4096 };
    float *ink = mem_alloc(SAMPLES, sizeof *ink);
    int n = 0, step = r->count / SAMPLES + 1;
    for (int i = 0; i < r->count; i += step)
        ink[n++] = c->ink.data[r->pixel[i]];
    qsort(ink, (size_t)n, sizeof *ink, compare_floats);
    float strong = ink[(int)(0.95 * (n - 1) + 0.5)];
    mem_free(ink);
    return strong;
}

// The ink of the digit and of the gray rim of its strokes, 0 elsewhere. A rim is
// as wide as a lens blurs it: 2 pixels, and 2 % of the digit.
static void keep_digit(Choice *c, const bool *belongs, Box digit) {
    Region r = {mem_alloc(c->ink.size, 1),
                mem_alloc_raw(c->ink.size, sizeof(int)), 0};
    for (int i = 0; i < (int)c->ink.size; i++)
        if (c->patches.label[i] > 0 && belongs[c->patches.label[i] - 1]) {
            r.inside[i] = 1;
            r.pixel[r.count++] = i;
        }
    int rim = 2 + (height_of(digit) > width_of(digit) ? height_of(digit)
                                                        : width_of(digit)) / 50;
    for (int step = 0, first = 0; step < rim; step++) {
        int end = r.count;
        region_grow(&r, c, belongs, first, end);
        first = end;
    }
    float full = strong_ink(c, &r);
    for (size_t i = 0; i < c->ink.size; i++) {
        float amount = (c->ink.data[i] - c->paper) / (full - c->paper);
        c->ink.data[i] = r.inside[i] ? fminf(fmaxf(amount, 0), 1) : 0;
    }
    mem_free(r.inside);
    mem_free(r.pixel);
}

// ---- 5. Where the digit lies -----------------------------------------------

static Box find_box(const Tensor *ink) {
    int height = ink->shape[0], width = ink->shape[1];
    Box box = {width, height, 0, 0};
    const float *pixel = ink->data;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (*pixel++ > 0) {
                box.left = x < box.left ? x : box.left;
                box.top = y < box.top ? y : box.top;
                box.right = x >= box.right ? x + 1 : box.right;
                box.bottom = y + 1;
            }
    return box;
}

// The center of mass of the box's ink, from the box's corner, in pixels.
static void find_center(const Tensor *ink, Box box, double *cx, double *cy) {
    double mass = 0, mx = 0, my = 0;
    for (int y = box.top; y < box.bottom; y++)
        for (int x = box.left; x < box.right; x++) {
            double m =
                (double)
                    ink->data[(size_t)y * (size_t)ink->shape[1] + (size_t)x];
            mass += m;
            mx += m * (x - box.left + 0.5);
            my += m * (y - box.top + 0.5);
        }
    *cx = mx / mass;
    *cy = my / mass;
}

// ---- 6. The digit in 28 x 28 -----------------------------------------------

// How much of pixel i lies between from and to.
static double overlap(int i, double from, double to) {
    return fmax(0, fmin(i + 1, to) - fmax(i, from));
}

// The ink in the square of this size at (x, y), but nothing from outside box.
static double ink_in_square(const Tensor *ink, Box box, double x, double y,
                            double size) {
    int left = (int)fmax(floor(x), box.left);
    int top = (int)fmax(floor(y), box.top);
    double sum = 0;
    for (int i = top; i < box.bottom && i < y + size; i++) {
        const float *row = ink->data + (size_t)i * (size_t)ink->shape[1];
        double height = overlap(i, y, y + size);
        for (int j = left; j < box.right && j < x + size; j++)
            sum += height * overlap(j, x, x + size) * (double)row[j];
    }
    return sum;
}

// The whole number of pixels that the digit begins from the result's edge, so
// that its center of mass comes to lie in the pixel CENTER, as MNIST's do, but
// no part of it beyond an edge.
static int margin(double center, double length) {
    double wanted = ceil(CENTER - center);
    return (int)fmax(0, fmin(wanted, SIDE - ceil(length)));
}

static void resample(Tensor *digit, const Tensor *ink, Box box) {
    int width = box.right - box.left, height = box.bottom - box.top;
    double size = fmax(width, height) / BOX; // of a new pixel in old ones
    double cx, cy;
    find_center(ink, box, &cx, &cy);
    int left = margin(cx / size, width / size);
    int top = margin(cy / size, height / size);
    tensor_resize(digit, 4, 1, 1, SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) {
        double x = box.left + (i % SIDE - left) * size;
        double y = box.top + (i / SIDE - top) * size;
        double sum = ink_in_square(ink, box, x, y, size);
        digit->data[i] = (float)(sum / (size * size));
    }
}

// A thin pen in a large picture has become a faint grey: the strongest tone
// becomes 1 again.
static void stretch_contrast(Tensor *digit) {
    float largest = 0;
    for (size_t i = 0; i < digit->size; i++)
        largest = fmaxf(largest, digit->data[i]);
    for (size_t i = 0; i < digit->size; i++)
        digit->data[i] /= largest;
}

// ---- 7. All of it -----------------------------------------------------------

// The digit's size, where one was found.
static double choice_size(const Choice *c) {
    if (c->main < 0)
        return 0;
    const Patch *p = &c->patches.patch[c->main];
    return hypot(width_of(p->box), height_of(p->box)) * p->strength;
}

// If nothing stands free in the picture: the largest patch that the edge cuts.
static void choose_cut(Choice *c, const Tensor *photo, float noise) {
    choice_free(c);
    choose(c, photo, noise);
    tensor_free(&c->ink);
    ink_find(&c->ink, photo);
    choice_cut(c, c->faintest);
    c->paper = 0;
    double most = 0;
    for (int i = 0; i < c->patches.count; i++)
        if (c->patches.patch[i].mass > most) {
            most = c->patches.patch[i].mass;
            c->main = i;
        }
}

static bool border_is_lighter(const Tensor *photo) {
    int H = photo->shape[0], W = photo->shape[1];
    float *border = mem_alloc((size_t)(2 * (H + W)), sizeof *border);
    double mean = 0;
    int n = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            float tone = photo->data[(size_t)y * (size_t)W + (size_t)x];
            mean += (double)tone / (double)photo->size;
            if (y == 0 || y == H - 1 || x == 0 || x == W - 1)
                border[n++] = tone;
        }
    qsort(border, (size_t)n, sizeof *border, compare_floats);
    double median = (double)border[n / 2];
    mem_free(border);
    return median > mean;
}

DigitDoubt image_to_digit(Tensor *digit, const Tensor *image) {
    REQUIRE(image->ndim == 2, "the image is %s, not [H, W]",
            tensor_shape(image).text);
    Tensor photo = {0};
    Choice dark, light, *best;
    DigitDoubt doubt = DOUBT_NONE;

    float noise = ink_prepare(&photo, image);
    bool lighter = border_is_lighter(&photo);
    choose(&dark, &photo, noise);
    ink_invert(&photo);
    choose(&light, &photo, noise);
    best = choice_size(&dark) >= choice_size(&light) ? &dark : &light;
    if (best->main < 0) {
        best = lighter ? &dark : &light;
        if (lighter)
            ink_invert(&photo);
        choose_cut(best, &photo, noise);
        doubt = DOUBT_CUT;
    }

    tensor_resize(digit, 4, 1, 1, SIDE, SIDE);
    tensor_fill(digit, 0);
    if (best->main < 0) {
        doubt = DOUBT_EMPTY;
    } else {
        bool *belongs = mem_alloc((size_t)best->patches.count, sizeof *belongs);
        Box box = find_pieces(belongs, best);
        if (doubt == DOUBT_NONE && has_company(best, belongs, box))
            doubt = DOUBT_SEVERAL;
        keep_digit(best, belongs, box);
        resample(digit, &best->ink, find_box(&best->ink));
        stretch_contrast(digit);
        mem_free(belongs);
    }
    choice_free(&dark);
    choice_free(&light);
    tensor_free(&photo);
    return doubt;
}
