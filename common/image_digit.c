// image_digit.c - a digit from a photo, made to look like one of MNIST's.
//
// The net has seen nothing but MNIST: bright ink on black, 20 pixels high or
// wide, centered. What it is shown must be made the same way, or the best net
// reads nonsense. image_ink.c finds the ink, image_patches.c what may be a digit
// in it; here the digit is chosen and cut out; image_center.c brings it to 28 x 28.

#include "image.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "image_ink.h"
#include "image_patches.h"
#include "integers.h"
#include "memory.h"

// ---- 1. How dark ink must be ------------------------------------------------

// The digit as dark ink; as light ink in a photo that is inverted.
typedef struct {
    Tensor ink; // [H, W], without lines
    Patches patches;
    int main;       // index of the digit's largest patch, or -1
    float noise;    // standard deviation of the paper's
    float faintest; // ink that is more than noise
    float paper;    // ink that still counts as paper: a shadow
} Choice;

static void choice_free(Choice *c) {
    tensor_free(&c->ink);
    patches_free(&c->patches);
}

static void choice_cut(Choice *c, float threshold) {
    patches_free(&c->patches);
    patches_find(&c->patches, &c->ink, threshold);
    c->main = patches_main(&c->patches);
}

// Above 45 % of the ink of the digit's own pen nothing is left of lines, stains
// and shadows that touch it, and that made its pen look fainter before.
static void choice_sharpen(Choice *c, float threshold) {
    float strong = 0.45f * (float)c->patches.patch[c->main].strength;
    while (strong > threshold) {
        choice_cut(c, strong);
        if (c->main < 0) { // it fell to pieces
            choice_cut(c, threshold);
            return;
        }
        threshold = strong;
        strong = 0.45f * (float)c->patches.patch[c->main].strength;
    }
}

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// The element below which a fraction q of the n values lies. Sorts them.
static float quantile(float *values, int n, double q) {
    qsort(values, (size_t)n, sizeof *values, compare_floats);
    return values[(int)(q * (n - 1) + 0.5)];
}

// How much darker the darkest of pixel i and its four neighbors at the distance
// `near` is than the lightest, as a fraction that is the same for dark and light
// ink; negative if all of these are in the main patch. We ask the photo: ink may
// have edges where only our idea of the paper changes.
static float change_at(const Choice *c, const Tensor *photo, int i, int near) {
    const int H = photo->shape[0], W = photo->shape[1];
    const int y = i / W, x = i % W;
    const int neighbor[] = {
        max_int(y - near, 0) * W + x, min_int(y + near, H - 1) * W + x,
        y * W + max_int(x - near, 0), y * W + min_int(x + near, W - 1)};
    float low = photo->data[i], high = low;
    bool inside = true;
    for (int k = 0; k < 4; k++) {
        low = fminf(low, photo->data[neighbor[k]]);
        high = fmaxf(high, photo->data[neighbor[k]]);
        inside = inside && c->patches.label[neighbor[k]] == c->main + 1;
    }
    return inside ? -1 : (high - low) / fmaxf(high, 1 - low);
}

// How much the tone changes within 1 % of the picture around the outline of the
// main patch; a quarter of the outline may be smoother. Holes of single pixels
// have no outline.
static double sharpness(const Choice *c, const Tensor *photo) {
    const int H = c->ink.shape[0], W = c->ink.shape[1], mine = c->main + 1;
    const int near = max_int(H, W) / 100 + 1;
    const int *label = c->patches.label;
    const Patch *p = &c->patches.patch[c->main];
    float *change = mem_alloc((size_t)p->area, sizeof *change);
    int n = 0;
    for (int y = max_int(p->box.top, 1); y < min_int(p->box.bottom, H - 1); y++)
        for (int x = max_int(p->box.left, 1); x < min_int(p->box.right, W - 1);
             x++) {
            int i = y * W + x;
            bool all = label[i - 1] == mine && label[i + 1] == mine &&
                       label[i - W] == mine && label[i + W] == mine;
            float step = change_at(c, photo, i, near);
            if (label[i] == mine && !all && step >= 0)
                change[n++] = step;
        }
    double result = n > 0 ? (double)quantile(change, n, 0.25) : 0;
    mem_free(change);
    return result;
}

// The hole of a 0 is ink of the other kind, and so is the light in the middle of
// a dim photo: but the hole is smaller, and light has no sharp outline.
static double worth(const Choice *c, const Tensor *photo) {
    if (c->main < 0)
        return 0;
    const Patch *p = &c->patches.patch[c->main];
    double sharp = sharpness(c, photo);
    double size = hypot(box_width(p->box), box_height(p->box));
    // Noise alone spreads five pixels over some 2.3 deviations. A heavy blur
    // leaves half of the contrast, light that falls off a twentieth.
    bool smooth = sharp < 0.15 * p->strength + 3 * (double)c->noise;
    return smooth ? 0 : size * sharp;
}

// Shadows may join the digit to the picture's edge. They are fainter than ink,
// and smooth, so we raise the threshold until something sharp stands free.
static void choose(Choice *c, const Tensor *photo, float noise) {
    Tensor all = {0};
    ink_find(&all, photo);
    *c = (Choice){.main = -1, .noise = noise};
    if (!ink_is_photo(photo)) {
        c->faintest = 0.08f; // 20 of 255 levels: MNIST's edges are fainter
        tensor_copy(&c->ink, &all);
        choice_cut(c, c->faintest);
    } else {
        // five deviations: of a million pixels of paper hardly one has as much
        float t = c->faintest = fminf(fmaxf(0.08f, 5 * noise), 0.3f);
        for (; worth(c, photo) == 0 && t < 0.7f; t *= 1.5f) {
            tensor_copy(&c->ink, &all);
            ink_wipe_lines(&c->ink, t);
            choice_cut(c, t);
            c->paper = t > c->faintest ? t : 0;
            if (c->main >= 0)
                choice_sharpen(c, t);
        }
    }
    tensor_free(&all);
}

// Where nothing stands free: the most ink there is.
static void choose_largest(Choice *c, const Tensor *photo) {
    ink_find(&c->ink, photo);
    ink_wipe_lines(&c->ink, c->faintest);
    choice_cut(c, c->faintest);
    c->paper = 0;
    c->main = patches_largest(&c->patches);
}

// ---- 2. Dark or light -------------------------------------------------------

// The edge of a picture is paper more often than not.
static bool looks_dark(const Tensor *photo) {
    double mean = 0;
    for (size_t i = 0; i < photo->size; i++)
        mean += (double)photo->data[i] / (double)photo->size;
    return (double)ink_border(photo) > mean;
}

// True if the picture's edge cuts the patch as it cuts a stroke: on a short piece
// of the outline. A desk or a thumb lies along more than a fifth.
static bool is_cut_stroke(const Patch *p) {
    int around = 2 * (box_width(p->box) + box_height(p->box));
    return p->sides > 0 && 5 * p->edge < around;
}

// True if the hole of a digit that the picture's edge cuts is taken for a digit.
static bool is_hole_of_cut(const Choice *hole, const Choice *around) {
    const Box h = hole->patches.patch[hole->main].box;
    if (around->main < 0)
        return false;
    const Patch *p = &around->patches.patch[around->main];
    Box both = box_union(p->box, h);
    return is_cut_stroke(p) && both.left == p->box.left &&
           both.right == p->box.right && both.top == p->box.top &&
           both.bottom == p->box.bottom;
}

// Chooses the digit as dark or as light ink. False if nothing stands free: then
// c holds the largest thing there is, of the kind that the edge suggests.
static bool choose_kind(Choice *c, Tensor *photo, float noise) {
    if (!looks_dark(photo))
        ink_invert(photo);
    choose(c, photo, noise);
    if (!ink_is_photo(photo))
        return c->main >= 0;

    Choice other;
    double here = worth(c, photo);
    ink_invert(photo);
    choose(&other, photo, noise);
    double there = worth(&other, photo);
    ink_invert(photo);
    if (here == 0) // nothing free; what the edge cuts may still have a hole
        choose_largest(c, photo);
    // if both are nearly as good, the edge decides
    bool swap = there > 1.15 * here && !is_hole_of_cut(&other, c);
    choice_free(swap ? c : &other);
    if (swap)
        *c = other;
    return swap || here > 0;
}

// ---- 3. The digit's pieces --------------------------------------------------

static bool same_pen(const Patch *p, const Patch *q) {
    return p->strength >= 0.6 * q->strength;
}

static int longer_side(Box b) {
    return max_int(box_width(b), box_height(b));
}

// A gap within one digit; between two there is a third of their height.
static bool is_near(Box digit, Box other) {
    int size = max_int(longer_side(digit), longer_side(other));
    return 5 * box_gap(digit, other) <= size;
}

// The bar of a 5, half of a 4: near the digit, no dust, and no neighbor, which
// would be as high and beside it.
static bool is_piece(const Choice *c, Box digit, const Patch *p) {
    const Patch *main = &c->patches.patch[c->main];
    if (p->mass < 0.02 * main->mass)
        return false;
    if (!ink_is_photo(&c->ink)) // all of it is the digit
        return true;
    int middle = (p->box.left + p->box.right) / 2;
    bool beside = middle < digit.left || middle >= digit.right;
    bool high = 10 * box_height(p->box) > 6 * box_height(main->box);
    return is_near(digit, p->box) && same_pen(p, main) && p->sides == 0 &&
           !(beside && high);
}

// belongs [count]: true for the digit's pieces. Returns the box around them.
static Box find_pieces(bool *belongs, const Choice *c) {
    Box box = c->patches.patch[c->main].box;
    belongs[c->main] = true;
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < c->patches.count; i++) {
            const Patch *p = &c->patches.patch[i];
            if (belongs[i] || !is_piece(c, box, p))
                continue;
            belongs[i] = more = true;
            box = box_union(box, p->box);
        }
    }
    return box;
}

// True if another patch might be a digit too: half as high or more.
static bool has_company(const Choice *c, const bool *belongs, Box digit) {
    for (int i = 0; i < c->patches.count; i++) {
        const Patch *p = &c->patches.patch[i];
        if (!belongs[i] && 2 * box_height(p->box) >= box_height(digit) &&
            same_pen(p, &c->patches.patch[c->main]) &&
            patch_may_be_digit(&c->patches, i))
            return true;
    }
    return false;
}

// True if a part of the digit leaves the picture.
static bool is_cut(const Choice *c, Box digit) {
    const Patch *main = &c->patches.patch[c->main];
    for (int i = 0; i < c->patches.count; i++) {
        const Patch *p = &c->patches.patch[i];
        if (i != c->main && is_cut_stroke(p) && same_pen(p, main) &&
            p->mass >= 0.1 * main->mass && is_near(digit, p->box))
            return true;
    }
    return false;
}

static DigitDoubt doubt_of(const Choice *c, const bool *belongs, Box digit) {
    if (!ink_is_photo(&c->ink))
        return DOUBT_NONE;
    if (has_company(c, belongs, digit))
        return DOUBT_SEVERAL;
    if (is_cut(c, digit))
        return DOUBT_CUT;
    // twice as much as any pixel of the paper's
    bool faint = c->patches.patch[c->main].strength < 2 * 5 * (double)c->noise;
    return faint ? DOUBT_FAINT : DOUBT_NONE;
}

// ---- 4. Its ink -------------------------------------------------------------

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

// The ink that counts as 1: of the region's pixels, 5 % have more.
static float strong_ink(const Choice *c, const Region *r) {
    enum { SAMPLES = 4096 }; // enough for 2 % of error
    float *ink = mem_alloc(SAMPLES, sizeof *ink);
    int n = 0, step = r->count / SAMPLES + 1;
    for (int i = 0; i < r->count; i += step)
        ink[n++] = c->ink.data[r->pixel[i]];
    float strong = quantile(ink, n, 0.95);
    mem_free(ink);
    return strong;
}

// Leaves the digit's ink and the gray rim of its strokes, from 0 to 1, and wipes
// all else. The rim is as wide as a lens blurs it: 2 pixels, and 2 % of the
// digit.
static void keep_digit(Choice *c, const bool *belongs, Box digit) {
    const int *label = c->patches.label, size = (int)c->ink.size;
    Region r = {.inside = mem_alloc(c->ink.size, 1),
                .pixel = mem_alloc_raw(c->ink.size, sizeof(int))};
    for (int i = 0; i < size; i++)
        if (label[i] > 0 && belongs[label[i] - 1]) {
            r.inside[i] = 1;
            r.pixel[r.count++] = i;
        }
    float strong = strong_ink(c, &r) - c->paper;

    int longer = longer_side(digit);
    for (int step = 0, first = 0; step < 2 + longer / 50; step++) {
        int end = r.count;
        region_grow(&r, c, belongs, first, end);
        first = end;
    }

    for (int i = 0; i < size; i++) {
        float amount = (c->ink.data[i] - c->paper) / strong;
        c->ink.data[i] = r.inside[i] ? fminf(fmaxf(amount, 0), 1) : 0;
    }
    mem_free(r.inside);
    mem_free(r.pixel);
}

// ---- 5. All of it -----------------------------------------------------------

// The digit of choice c in 28 x 28, and what is to be said against it.
static DigitDoubt cut_out(Tensor *digit, Choice *c) {
    bool *belongs = mem_alloc((size_t)c->patches.count, sizeof *belongs);
    Box box = find_pieces(belongs, c);
    DigitDoubt doubt = doubt_of(c, belongs, box);
    keep_digit(c, belongs, box);
    ink_center(digit, &c->ink);
    mem_free(belongs);
    return doubt;
}

DigitDoubt image_to_digit(Tensor *digit, const Tensor *image) {
    REQUIRE(image->ndim == 2, "the image is %s, not [H, W]",
            tensor_shape(image).text);
    tensor_resize(digit, 4, 1, 1, 28, 28);
    tensor_fill(digit, 0);

    Tensor photo = {0};
    Choice choice;
    float noise = ink_prepare(&photo, image);
    bool free = choose_kind(&choice, &photo, noise);
    DigitDoubt doubt = DOUBT_EMPTY;
    if (choice.main >= 0) {
        doubt = cut_out(digit, &choice);
        doubt = free ? doubt : DOUBT_CUT;
    }
    choice_free(&choice);
    tensor_free(&photo);
    return doubt;
}

const char *digit_doubt(DigitDoubt doubt) {
    static const char *const sentence[] = {
        [DOUBT_NONE] = "",
        [DOUBT_EMPTY] = "no ink is as large as a digit;\n"
                        "crop the picture to the one digit",
        [DOUBT_SEVERAL] = "there is more than one thing in the picture;\n"
                          "crop it to the one digit",
        [DOUBT_CUT] = "no digit stands free of the picture's edge or a frame;\n"
                      "crop the picture to the one digit, with paper around it",
        [DOUBT_FAINT] =
            "the ink is hardly darker than the paper's own noise;\n"
            "crop the picture to the one digit, or use a darker pen",
    };
    return sentence[doubt];
}
