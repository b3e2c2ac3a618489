#include "net_figure.h"

#include <math.h>
#include <stdio.h>

#include "error.h"
#include "figure.h"
#include "integers.h"

// In units of the drawing, of which one is 100 pixels.
static const double largest = 1.5; // the side of the input's sheets
static const double apart = 0.6;   // from one layer to the next,
static const double wider = 0.9;   // and to a column, narrower than its words
static const double shift = 0.07;  // from one sheet to the next

// Where a layer stands, and what it takes.
typedef struct {
    double left, width, height;
    int sheets; // or circles
    bool picture;
} Block;

static Block block_of(PictureShape s, PictureShape input, double left) {
    Block b = {.left = left, .picture = s.H > 1};
    if (b.picture) {
        double side = fmax(0.25, largest * s.H / input.H);
        b.sheets = min_int(8, 1 + (int)log2(s.C)); // 1, 2, 4 ... channels
        b.width = side + shift * (b.sheets - 1);
        b.height = b.width;
    } else {
        b.sheets = min_int(s.C, 12);
        b.width = 0.16;
        b.height = 0.16 * b.sheets;
    }
    return b;
}

// The sheets from behind, so that each covers the one before; or a column of
// circles.
static void draw_block(Figure *f, const Block *b) {
    figure_table(f, "x,y");
    double side = b->width - shift * (b->sheets - 1);
    for (int i = b->sheets - 1; i >= 0; i--)
        if (b->picture)
            figure_row(f, b->left + 0.5 * side + shift * i,
                       shift * (i - 0.5 * (b->sheets - 1)));
        else
            figure_row(f, b->left + 0.08, 0.16 * (i - 0.5 * (b->sheets - 1)));
    if (b->picture)
        figure_boxes(f, 1, 2, 0.5 * side);
    else
        figure_circles(f, 1, 2, 0.07);
}

// 656080 as "656,080".
typedef struct {
    char text[32];
} Digits;

static Digits grouped(long number) {
    Digits plain, d;
    int length = snprintf(plain.text, sizeof plain.text, "%ld", number);
    char *at = d.text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = plain.text[i];
    }
    *at = '\0';
    return d;
}

// Above the block its name, below it its shape and weights.
static void write_words(Figure *f, const Block *b, const char *name,
                        PictureShape s, long weights) {
    double middle = b->left + 0.5 * b->width, edge = 0.5 * b->height;
    figure_note(f, middle, edge + 0.2, 'c', "%s", name);
    if (b->picture)
        figure_note(f, middle, -edge - 0.2, 'c', "%d × %d × %d", s.C, s.H, s.W);
    else
        figure_note(f, middle, -edge - 0.2, 'c', "%d", s.C);
    if (weights > 0) {
        figure_pen(f, (Pen){.color = PEN_BLUE, .size = 0.85});
        figure_note(f, middle, -edge - 0.42, 'c', "%s weights",
                    grouped(weights).text);
    }
}

// The layer that has most of the weights.
static const LayerCount *heaviest(const NetCount *net) {
    const LayerCount *most = &net->layers[0];
    for (int i = 1; i < net->count; i++)
        if (net->layers[i].weights > most->weights)
            most = &net->layers[i];
    return most;
}

void net_draw(const NetCount *net, PictureShape input, const char *chapter,
              const char *name, const char *format) {
    enum { MOST = 32 };
    REQUIRE(net->count > 0 && net->count < MOST, "a picture of %d layers",
            net->count);
    Figure f;
    if (!figure_open(&f, chapter, name, format))
        return;
    const LayerCount *most = heaviest(net);
    figure_title(&f, "%s: %.0f %% of its %s weights are in %s", net->name,
                 100.0 * (double)most->weights / (double)net->weights,
                 grouped(net->weights).text, most->name);
    figure_caption(&f, "Each stack of sheets is a layer's output, channels × "
                       "height × width; a column of circles is a fully "
                       "connected layer.");
    figure_bare(&f);

    Block block[MOST] = {block_of(input, input, 0.3)};
    draw_block(&f, &block[0]);
    write_words(&f, &block[0], "input", input, 0);
    for (int i = 0; i < net->count; i++) {
        const LayerCount *layer = &net->layers[i];
        double from = block[i].left + block[i].width;
        double gap = layer->out.H > 1 ? apart : wider;
        block[i + 1] = block_of(layer->out, input, from + gap);
        draw_block(&f, &block[i + 1]);
        write_words(&f, &block[i + 1], layer->name, layer->out, layer->weights);
        figure_table(&f, "x,y,dx,dy");
        figure_row(&f, from + 0.1, 0, gap - 0.2, 0);
        figure_arrows(&f, 1, 2, 3, 4);
    }

    double right = block[net->count].left + block[net->count].width + 0.4;
    figure_range(&f, 'x', 0.0, right);
    figure_range(&f, 'y', -1.7, 1.5);
    figure_panel_size(&f, (int)(100.0 * right), 320);
    figure_close(&f);
}
