#include "photos.h"

#include <math.h>
#include <stdbool.h>

#include "error.h"
#include "integers.h"

enum { HEIGHT = 400, WIDTH = 350 }; // of most photos

const char *photo_name(PhotoKind kind) {
    static const char *const names[PHOTO_KINDS] = {
        "plain",   "uneven",      "vignette",   "shadow",      "ruled",
        "squared", "tilted",      "margin",     "pencil",      "pencil_ruled",
        "thin",    "thick",       "inverted",   "chalk",       "board",
        "corner",  "tight",       "desk",       "on_table",    "noisy",
        "salt",    "stain",       "heading",    "frame",       "toolbar",
        "empty",   "empty_ruled", "empty_desk", "empty_frame", "two",
        "cut"};
    return names[kind];
}

// ---- 1. The pen -------------------------------------------------------------

// The digit's tone at the point (u, v) of its 28 x 28, between its pixels.
static float tone_at(const uint8_t *digit, float u, float v) {
    u -= 0.5f, v -= 0.5f;
    int x = (int)floorf(u), y = (int)floorf(v);
    float sum = 0;
    for (int k = 0; k < 4; k++) {
        int j = x + k % 2, i = y + k / 2;
        float weight = (1 - fabsf(u - (float)j)) * (1 - fabsf(v - (float)i));
        if (i >= 0 && i < 28 && j >= 0 && j < 28)
            sum += weight * digit[i * 28 + j] / 255.0f;
    }
    return sum;
}

// Where the digit lies: its 28 x 28 cover `side` pixels, their middle at (x,
// y).
typedef struct {
    float x, y, side;
    float edge; // the tone at which its pen ends
} Place;

static Place place_of(PhotoKind kind) {
    Place p = {WIDTH / 2, HEIGHT / 2, 280, 0.42f};
    if (kind == PHOTO_THIN)
        p.edge = 0.75f;
    if (kind == PHOTO_THICK)
        p.edge = 0.15f;
    if (kind == PHOTO_CORNER)
        p = (Place){WIDTH / 4, HEIGHT / 5, 90, 0.42f};
    if (kind == PHOTO_DESK || kind == PHOTO_TOOLBAR)
        p.x += 15, p.y -= kind == PHOTO_DESK ? 20 : -30;
    if (kind == PHOTO_ON_TABLE || kind == PHOTO_HEADING)
        p.side = 220, p.y += kind == PHOTO_HEADING ? 30 : 0;
    if (kind == PHOTO_FRAME)
        p.side = 190;
    if (kind == PHOTO_TWO)
        p.x = 95, p.side = 180;
    if (kind == PHOTO_CUT)
        p.y = -5;
    return p;
}

// How much ink the pen leaves at the pixel, 0 to 1.
static float pen_at(const uint8_t *digit, const Place *p, int x, int y) {
    float scale = 28 / p->side;
    float tone = tone_at(digit, ((float)x - p->x) * scale + 14,
                         ((float)y - p->y) * scale + 14);
    const float crisp = 0.08f; // width of the edge, in tones
    return fminf(fmaxf((tone - p->edge) / crisp + 0.5f, 0), 1);
}

// ---- 2. The paper -----------------------------------------------------------

static bool between(int value, int low, int high) {
    return value >= low && value < high;
}

// What is printed on it: how much darker it is there.
static float print_at(PhotoKind kind, int x, int y) {
    int line = kind == PHOTO_TILTED ? y + x * 7 / 200 : y;
    switch (kind) {
    case PHOTO_RULED:
    case PHOTO_FAINT:
    case PHOTO_TILTED:
    case PHOTO_EMPTY_RULED:
        return line % 45 < 2 ? 0.3f : 0;
    case PHOTO_SQUARED:
        return y % 30 < 1 || x % 30 < 1 ? 0.3f : 0;
    case PHOTO_MARGIN:
        return between(x, 45, 48) ? 0.4f : 0;
    case PHOTO_STAIN:
        return hypot(x - 280, y - 60) < 45 ? 0.3f : 0;
    case PHOTO_HEADING: // bars of the size of letters
        return between(y, 20, 32) && between(x, 30, 320) && x % 9 < 3 ? 0.7f
                                                                      : 0;
    case PHOTO_FRAME:
    case PHOTO_EMPTY_FRAME: {
        bool inside = between(x, 83, 267) && between(y, 88, 312);
        bool outside = !between(x, 80, 270) || !between(y, 85, 315);
        return inside || outside ? 0 : 0.7f;
    }
    default:
        return 0;
    }
}

// How much of the light falls on the pixel.
static float light_at(PhotoKind kind, int x, int y) {
    float u = (float)x / WIDTH, v = (float)y / HEIGHT;
    float du = 2 * u - 1, dv = 2 * v - 1;
    switch (kind) {
    case PHOTO_UNEVEN:
        return (1 - 0.6f * u) * (1 - 0.15f * v);
    case PHOTO_VIGNETTE:
        return 1 - 0.25f * (du * du + dv * dv);
    case PHOTO_SHADOW: // the edge of a hand, 60 pixels soft
        return 0.8f + 0.2f * tanhf(((float)x + 0.5f * (float)y - 190) / 30);
    default:
        return 1;
    }
}

// ---- 3. The photo -----------------------------------------------------------

// The rectangle without the desk, table or tool bar around it.
static bool on_sheet(PhotoKind kind, int x, int y) {
    switch (kind) {
    case PHOTO_DESK:
    case PHOTO_EMPTY_DESK:
        return x >= 30 && y < HEIGHT - 30;
    case PHOTO_ON_TABLE:
        return between(x, 45, WIDTH - 45) && between(y, 50, HEIGHT - 50);
    case PHOTO_TOOLBAR:
        return y >= 45;
    default:
        return true;
    }
}

static float pixel_at(PhotoKind kind, float pen, int x, int y, Rng *rng) {
    float noise = kind == PHOTO_NOISY ? 0.07f : 0.01f, ink = 0.15f;
    if (kind == PHOTO_PENCIL || kind == PHOTO_FAINT)
        ink = 0.62f;
    if (kind == PHOTO_CHALK)
        ink = 0.15f + 0.4f * rng_uniform(rng), noise = 0.03f;
    float paper = 0.92f - print_at(kind, x, y);
    if (kind == PHOTO_BOARD) // glare
        paper = 0.75f + 0.24f * expf(-(float)((x - 100) * (x - 100) +
                                              (y - 100) * (y - 100)) /
                                     (2 * 75.0f * 75.0f));
    float tone = paper * (1 - pen) + ink * pen;
    tone = on_sheet(kind, x, y) ? tone * light_at(kind, x, y) : 0.25f;
    tone += noise * rng_normal(rng);
    if (kind == PHOTO_SALT && rng_below(rng, 50) == 0)
        tone = (float)rng_below(rng, 2);
    bool light_ink =
        kind == PHOTO_INVERTED || kind == PHOTO_CHALK || kind == PHOTO_TOOLBAR;
    return fminf(fmaxf(light_ink ? 1 - tone : tone, 0), 1);
}

// Copies the box of the digit, so that it touches all four edges.
static void crop(Tensor *photo, const uint8_t *digit, const Place *place) {
    int left = WIDTH, top = HEIGHT, right = 0, bottom = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (pen_at(digit, place, x, y) > 0.5f) {
                left = min_int(left, x), right = max_int(right, x + 1);
                top = min_int(top, y), bottom = max_int(bottom, y + 1);
            }
    Tensor all = {0};
    tensor_copy(&all, photo);
    tensor_resize(photo, 2, bottom - top, right - left);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++)
            photo->data[(y - top) * (right - left) + x - left] =
                all.data[y * WIDTH + x];
    tensor_free(&all);
}

void photo_draw(Tensor *photo, const uint8_t *digit, PhotoKind kind, Rng *rng) {
    Place place = place_of(kind), second = place;
    second.x = WIDTH - place.x;
    bool empty = between((int)kind, PHOTO_EMPTY, PHOTO_TWO);
    tensor_resize(photo, 2, HEIGHT, WIDTH);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            float pen = empty ? 0 : pen_at(digit, &place, x, y);
            if (kind == PHOTO_TWO)
                pen = fmaxf(pen, pen_at(digit, &second, x, y));
            photo->data[y * WIDTH + x] = pixel_at(kind, pen, x, y, rng);
        }
    if (kind == PHOTO_TIGHT)
        crop(photo, digit, &place);
}
