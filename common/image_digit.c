// image_digit.c - a digit from a photo, made to look like one of MNIST's.
//
// The net has seen nothing but MNIST: bright ink on black, 20 pixels high or
// wide, centered. What it is shown must be made the same way, or the best net
// reads nonsense.
//
//     image_ink.c      how much darker than the paper around it each pixel is
//     image_lines.c    without ruled lines
//     image_patches.c  which patches of ink may be a digit
//     image_choice.c   the one that is, dark or light
//     here             its pieces, its ink, and what is to be said against it
//     image_center.c   scaled and centered in 28 x 28

#include "image.h"

#include <math.h>
#include <stdint.h>

#include "image_choice.h"
#include "image_ink.h"
#include "image_patches.h"
#include "integers.h"
#include "memory.h"

// ---- 1. The digit's pieces --------------------------------------------------

static bool same_pen(const Patch *p, const Patch *q) {
    return p->strength >= 0.6 * q->strength;
}

static int longer_side(Box b) {
    return max_int(box_width(b), box_height(b));
}

// So small a gap is taken for one within a digit. Digits written closer than a
// fifth of their height are one thing to us, unless is_piece tells them apart.
static bool is_near(Box digit, Box other) {
    int size = max_int(longer_side(digit), longer_side(other));
    return 5 * box_gap(digit, other) <= size;
}

// The bar of a 5, half of a 4: near the digit, no dust, no frame or line, and
// no neighbor, which would be as high and beside it.
static bool is_piece(const Choice *c, Box digit, const Patch *p) {
    const Patch *main = &c->patches.patch[c->main];
    if (p->mass < 0.02 * main->mass)
        return false;
    if (!ink_is_photo(&c->ink)) // all of it is the digit
        return true;
    int middle = (p->box.left + p->box.right) / 2;
    bool beside = middle < digit.left || middle >= digit.right;
    bool high = 10 * box_height(p->box) > 6 * box_height(main->box);
    bool frame = longer_side(p->box) > longer_side(digit);
    return is_near(digit, p->box) && same_pen(p, main) && p->sides == 0 &&
           !(beside && high) && !frame;
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
        if (i != c->main && patch_is_cut_stroke(p) && same_pen(p, main) &&
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

// ---- 2. Its ink -------------------------------------------------------------

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
                continue; // of another patch
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
    float strong = ink_quantile(ink, n, 0.95);
    mem_free(ink);
    return strong;
}

// Leaves the digit's ink and the gray rim of its strokes, from 0 to 1, and
// wipes all else. The rim is as wide as a lens blurs it: 2 pixels, and 2 % of
// the digit.
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

// ---- 3. All of it -----------------------------------------------------------

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
    bool free = choice_find(&choice, &photo, noise);
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
