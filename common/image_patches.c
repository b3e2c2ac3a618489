#include "image_patches.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "image_ink.h"
#include "integers.h"
#include "memory.h"

// ---- 1. Boxes ---------------------------------------------------------------

int box_width(Box b) {
    return b.right - b.left;
}

int box_height(Box b) {
    return b.bottom - b.top;
}

Box box_union(Box a, Box b) {
    return (Box){min_int(a.left, b.left), min_int(a.top, b.top),
                 max_int(a.right, b.right), max_int(a.bottom, b.bottom)};
}

int box_gap(Box a, Box b) {
    int dx = max_int(a.left, b.left) - min_int(a.right, b.right);
    int dy = max_int(a.top, b.top) - min_int(a.bottom, b.bottom);
    return max_int(max_int(dx, dy), 0);
}

// ---- 2. Connected components ------------------------------------------------

static void patch_add(Patch *p, const Tensor *ink, int y, int x) {
    int bottom = ink->shape[0] - 1, right = ink->shape[1] - 1;
    size_t at = (size_t)y * (size_t)ink->shape[1] + (size_t)x;
    double amount = (double)ink->data[at];
    p->box = box_union(p->box, (Box){x, y, x + 1, y + 1});
    p->area++;
    p->edge += y == 0 || y == bottom || x == 0 || x == right;
    p->corners += (y == 0 || y == bottom) && (x == 0 || x == right);
    p->mass += amount;
    p->strength += amount * amount;
}

// Labels the patch that the pixel `start` is in: a breadth-first search, whose
// queue [H * W] keeps all that was found.
static Patch patch_fill(Patches *all, int *queue, int start, float threshold) {
    const int H = all->ink->shape[0], W = all->ink->shape[1];
    const int mine = all->count + 1;
    Patch p = {.box = {W, H, 0, 0}};
    int found = 0;
    all->label[start] = mine;
    queue[found++] = start;
    for (int i = 0; i < found; i++) {
        int y = queue[i] / W, x = queue[i] % W;
        patch_add(&p, all->ink, y, x);
        for (int k = 0; k < 9; k++) {
            int v = y + k / 3 - 1, u = x + k % 3 - 1, at = v * W + u;
            if (v >= 0 && v < H && u >= 0 && u < W && all->label[at] == 0 &&
                all->ink->data[at] > threshold) {
                all->label[at] = mine;
                queue[found++] = at;
            }
        }
    }

    p.strength /= p.mass;
    p.sides = (p.box.left == 0) + (p.box.top == 0) + (p.box.right == W) +
              (p.box.bottom == H);
    return p;
}

void patches_find(Patches *all, const Tensor *ink, float threshold) {
    int *queue = mem_alloc_raw(ink->size, sizeof *queue), room = 0;
    *all = (Patches){.ink = ink, .label = mem_alloc(ink->size, sizeof(int))};
    for (int i = 0; i < (int)ink->size; i++) {
        if (ink->data[i] <= threshold || all->label[i] != 0)
            continue;
        if (all->count == room) { // full: twice the room
            room = 2 * room + 64;
            Patch *more = mem_alloc((size_t)room, sizeof *more);
            if (all->count > 0)
                memcpy(more, all->patch, (size_t)all->count * sizeof *more);
            mem_free(all->patch);
            all->patch = more;
        }
        all->patch[all->count] = patch_fill(all, queue, i, threshold);
        all->count++;
    }
    mem_free(queue);
}

void patches_free(Patches *all) {
    mem_free(all->label);
    mem_free(all->patch);
    *all = (Patches){0};
}

// ---- 3. Which may be a digit ------------------------------------------------

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

// True if ink lies along at least 90 % of each side of the patch's box, within
// 6 % of it: a printed frame or a sheet, turned by 3 degrees or less.
static bool is_frame(const Patches *all, int index) {
    const Box b = all->patch[index].box;
    const int w = box_width(b), h = box_height(b), mine = index + 1;
    const ptrdiff_t row = all->ink->shape[1];
    const int *first = all->label + b.top * row + b.left;
    const int *last = all->label + (b.bottom - 1) * row + b.right - 1;
    const int deep_x = w * 6 / 100 + 1, deep_y = h * 6 / 100 + 1;
    const double enough = 0.9;
    return covered(first, mine, 1, w, row, deep_y) >= enough &&
           covered(first, mine, row, h, 1, deep_x) >= enough &&
           covered(last, mine, -1, w, -row, deep_y) >= enough &&
           covered(last, mine, -row, h, -1, deep_x) >= enough;
}

// A picture that was cropped tight cuts the digit on all four sides, but most
// of its edge is paper. A desk around a sheet fills the edge and its corners.
static bool is_cropped_tight(const Patches *all, const Patch *p) {
    int H = all->ink->shape[0], W = all->ink->shape[1];
    return p->sides == 4 && p->corners <= 2 && p->edge < H + W;
}

// Digits are read from 4 % of the picture's longer side on: in a photo of 3000
// pixels, some 30 after shrinking, which is what the net sees.
static bool is_high_enough(const Patches *all, const Patch *p) {
    int longer = max_int(all->ink->shape[0], all->ink->shape[1]);
    return 25 * box_height(p->box) >= longer;
}

bool patch_may_be_digit(const Patches *all, int index) {
    const Patch *p = &all->patch[index];
    const int w = box_width(p->box), h = box_height(p->box);
    if (!is_high_enough(all, p))
        return false;
    if (!ink_is_photo(all->ink)) // MNIST's own sevens touch the edge
        return true;
    if (p->sides > 0 && !is_cropped_tight(all, p))
        return false;
    if (5 * h > 8 * w) // so narrow a bar is a 1, however full its box is
        return true;
    // The boldest 8 that we drew fills 0.79 of its box; sheets fill more.
    return p->area < 0.82 * w * h && !is_frame(all, index);
}

bool patch_is_cut_stroke(const Patch *p) {
    int around = 2 * (box_width(p->box) + box_height(p->box));
    return p->sides > 0 && 5 * p->edge < around;
}

// Large patches come first, and of equals the one nearest to the middle: at the
// picture's edge a patch counts half.
static double importance(const Patches *all, const Patch *p) {
    double H = all->ink->shape[0], W = all->ink->shape[1];
    double dx = (p->box.left + p->box.right - W) / W;
    double dy = (p->box.top + p->box.bottom - H) / H;
    double size = hypot(box_width(p->box), box_height(p->box));
    return size * (1 - 0.5 * fmin(1, hypot(dx, dy)));
}

int patches_main(const Patches *all) {
    int best = -1;
    double most = 0;
    for (int i = 0; i < all->count; i++) {
        double value = importance(all, &all->patch[i]);
        if (value > most && patch_may_be_digit(all, i)) {
            most = value;
            best = i;
        }
    }
    return best;
}

int patches_largest(const Patches *all) {
    int best = -1;
    for (int i = 0; i < all->count; i++)
        if (best < 0 || all->patch[i].mass > all->patch[best].mass)
            best = i;
    bool seen = best >= 0 && is_high_enough(all, &all->patch[best]);
    return seen ? best : -1;
}
