#include "image_choice.h"

#include <math.h>

#include "image_ink.h"
#include "integers.h"
#include "memory.h"

// ---- 1. How dark ink must be ------------------------------------------------

void choice_free(Choice *c) {
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

// How much darker the darkest of pixel i and its four neighbors at the distance
// `near` is than the lightest, as a fraction that is the same for dark and
// light ink; negative if all of these are in the main patch. We ask the photo:
// ink may have edges where only our idea of the paper changes.
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
// main patch; 15 % of the outline may be smoother. Holes of single pixels
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
    double result = n > 0 ? (double)ink_quantile(change, n, 0.15) : 0;
    mem_free(change);
    return result;
}

// The hole of a 0 is ink of the other kind, and so is the light in the middle
// of a dim photo: but the hole is smaller, and light has no sharp outline.
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

// True if the hole of a digit that the picture's edge cuts is taken for a
// digit. A digit on a sheet is no hole: a sheet fills more than half of its
// box, and a sheet of which we see a part as ink has no outline where that part
// ends.
static bool is_hole_of_cut(const Choice *hole, const Choice *around,
                           const Tensor *photo) {
    if (hole->main < 0 || worth(around, photo) == 0)
        return false;
    const Patch *p = &around->patches.patch[around->main];
    const Box h = hole->patches.patch[hole->main].box, b = p->box;
    bool inside = h.left >= b.left && h.right <= b.right && h.top >= b.top &&
                  h.bottom <= b.bottom;
    return inside && patch_is_cut_stroke(p) &&
           2 * p->area < box_width(b) * box_height(b);
}

bool choice_find(Choice *c, Tensor *photo, float noise) {
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
    bool swap = there > 1.15 * here && !is_hole_of_cut(&other, c, photo);
    choice_free(swap ? c : &other);
    if (swap)
        *c = other;
    return swap || here > 0;
}
