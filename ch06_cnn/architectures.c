// architectures.c - the classic convolutional nets, counted (经典CNN)
//
// What a net costs can be read off its description: a layer's weights, which
// memory has to hold and data have to teach, and its multiply-adds, which every
// picture costs. The classics differ by two thousand times in weights, and the
// largest is not the best: GoogLeNet has a twentieth of VGG's and makes fewer
// mistakes.
//
// Source: C, LeNet to ResNet; the papers where C gives no numbers (LeCun 1998,
// Krizhevsky 2012, Simonyan 2014, Szegedy 2014, He 2015).
// Run: make architectures && ./architectures --net vgg_d
// Ends with: result: lenet5=60000 lenet5_dense=61706 lenet=656080 ...
//
// Contents: 1 LeNet  2 AlexNet  3 VGG  4 GoogLeNet  5 ResNet  6 tables
//           7 chart  8 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "figure.h"
#include "net_figure.h"
#include "netcount.h"
#include "run.h"

// ---- 1. LeNet ---------------------------------------------------------------

// [LeCun 1998 LeNet-5] 6@5x5, S2, 16@5x5, S4, 120, 84, 10 RBF: 60,000 weights
// Each pooling has a weight and a bias per map. Of the 16 kernels of C3, six
// see 3 maps, nine see 4, one sees all 6. The 10 outputs are distances to
// drawings of the digits, which are not trained.
static void lenet5(NetCount *net) {
    netcount_init(net, "LeNet-5", 1, 32, 32);
    netcount_conv(net, "C1", 6, 5, 1, 0);
    netcount_subsample(net, "S2", 2);
    netcount_sparse(net, "C3", 16, 5, 6 * 3 + 9 * 4 + 1 * 6);
    netcount_subsample(net, "S4", 2);
    netcount_conv(net, "C5", 120, 5, 1, 0);
    netcount_linear(net, "F6", 84);
    netcount_rbf(net, "output", 10);
}

// As textbooks draw it: plain pooling, every kernel sees all maps, 10 linear
// outputs.
static void lenet5_dense(NetCount *net) {
    netcount_init(net, "LeNet-5, textbooks'", 1, 32, 32);
    netcount_conv(net, "conv1", 6, 5, 1, 0);
    netcount_pool(net, "pool1", 2, 2, 0);
    netcount_conv(net, "conv2", 16, 5, 1, 0);
    netcount_pool(net, "pool2", 2, 2, 0);
    netcount_linear(net, "fc1", 120);
    netcount_linear(net, "fc2", 84);
    netcount_linear(net, "fc3", 10);
}

// ---- 2. AlexNet -------------------------------------------------------------

// [C AlexNet] 96 kernels 11x11x3 stride 4, ..., 4096-4096-1000
// The lecture's: one tower, every kernel sees all channels. The original was
// cut into two towers, one per graphics card, which met only in conv3 and the
// last three layers: groups = 2. C's input is 224 x 224, for which its own size
// formula gives (224 - 11) / 4 + 1 = 54.25; for 227 it gives 55.
static void alexnet(NetCount *net, const char *name, int groups) {
    netcount_init(net, name, 3, 227, 227);
    netcount_conv(net, "conv1", 96, 11, 4, 0);
    netcount_lrn(net, "lrn1");
    netcount_pool(net, "pool1", 3, 2, 0); // overlapping: 3 wide, 2 apart
    netcount_grouped(net, "conv2", 256, 5, 1, 2, groups);
    netcount_lrn(net, "lrn2");
    netcount_pool(net, "pool2", 3, 2, 0);
    netcount_conv(net, "conv3", 384, 3, 1, 1);
    netcount_grouped(net, "conv4", 384, 3, 1, 1, groups);
    netcount_grouped(net, "conv5", 256, 3, 1, 1, groups);
    netcount_pool(net, "pool5", 3, 2, 0);
    netcount_linear(net, "fc6", 4096);
    netcount_linear(net, "fc7", 4096);
    netcount_linear(net, "fc8", 1000);
}

static void alexnet_lecture(NetCount *net) {
    alexnet(net, "AlexNet, one tower", 1);
}

static void alexnet_original(NetCount *net) {
    alexnet(net, "AlexNet, two towers", 2);
}

// ---- 3. VGG -----------------------------------------------------------------

// [C VGG] five stages of 3x3, stride 1, padding 1, a 2x2 pooling after each
// plan holds the layers of each stage: "33" are two 3 x 3, "331" ends with a
// 1 x 1, "3L" with local response normalization, which has no weights.
static void vgg(NetCount *net, const char *name, const char *const plan[5]) {
    static const int channels[] = {64, 128, 256, 512, 512};
    char layer[24];
    netcount_init(net, name, 3, 224, 224);
    for (int stage = 0; stage < 5; stage++) {
        for (int i = 0; plan[stage][i] != '\0'; i++) {
            if (plan[stage][i] == 'L') {
                netcount_lrn(net, "lrn");
                continue;
            }
            int size = plan[stage][i] - '0';
            snprintf(layer, sizeof layer, "conv%d_%d", stage + 1, i + 1);
            netcount_conv(net, layer, channels[stage], size, 1, size / 2);
        }
        snprintf(layer, sizeof layer, "pool%d", stage + 1);
        netcount_pool(net, layer, 2, 2, 0);
    }
    netcount_linear(net, "fc6", 4096);
    netcount_linear(net, "fc7", 4096);
    netcount_linear(net, "fc8", 1000);
}

static void vgg_a(NetCount *net) {
    vgg(net, "VGG A", (const char *[]){"3", "3", "33", "33", "33"});
}

static void vgg_a_lrn(NetCount *net) {
    vgg(net, "VGG A-LRN", (const char *[]){"3L", "3", "33", "33", "33"});
}

static void vgg_b(NetCount *net) {
    vgg(net, "VGG B", (const char *[]){"33", "33", "33", "33", "33"});
}

// C's list says that all kernels are 3 x 3; column C of its table has three of
// 1 x 1, and so do we.
static void vgg_c(NetCount *net) {
    vgg(net, "VGG C", (const char *[]){"33", "33", "331", "331", "331"});
}

static void vgg_d(NetCount *net) {
    vgg(net, "VGG D (16)", (const char *[]){"33", "33", "333", "333", "333"});
}

static void vgg_e(NetCount *net) {
    vgg(net, "VGG E (19)",
        (const char *[]){"33", "33", "3333", "3333", "3333"});
}

// ---- 4. GoogLeNet -----------------------------------------------------------

// The kernels of an Inception block's four branches.
typedef struct {
    const char *name;
    int one;                  // 1 x 1
    int three_reduced, three; // 1 x 1, then 3 x 3
    int five_reduced, five;   // 1 x 1, then 5 x 5
    int pooled;               // 3 x 3 maximum, then 1 x 1
} Inception;

// [C Inception] y = [1x1(x), 3x3(1x1(x)), 5x5(1x1(x)), 1x1(max(x))]
// The longest branch has two layers with weights.
static void inception(NetCount *net, const Inception *b) {
    const PictureShape in = net->out;
    const int depth = net->depth;
    char layer[32];
    snprintf(layer, sizeof layer, "%s 1x1", b->name);
    netcount_conv(net, layer, b->one, 1, 1, 0);
    net->out = in;
    snprintf(layer, sizeof layer, "%s 3x3 reduce", b->name);
    netcount_conv(net, layer, b->three_reduced, 1, 1, 0);
    snprintf(layer, sizeof layer, "%s 3x3", b->name);
    netcount_conv(net, layer, b->three, 3, 1, 1);
    net->out = in;
    snprintf(layer, sizeof layer, "%s 5x5 reduce", b->name);
    netcount_conv(net, layer, b->five_reduced, 1, 1, 0);
    snprintf(layer, sizeof layer, "%s 5x5", b->name);
    netcount_conv(net, layer, b->five, 5, 1, 2);
    net->out = in;
    snprintf(layer, sizeof layer, "%s pool 1x1", b->name);
    netcount_conv(net, layer, b->pooled, 1, 1, 0);
    net->out =
        (PictureShape){b->one + b->three + b->five + b->pooled, in.H, in.W};
    net->depth = depth + 2;
}

// As it classifies: without the two helpers that are trained beside it and
// thrown away.
static void googlenet(NetCount *net) {
    static const Inception blocks[] = {
        {"3a", 64, 96, 128, 16, 32, 32},
        {"3b", 128, 128, 192, 32, 96, 64},
        {"4a", 192, 96, 208, 16, 48, 64},
        {"4b", 160, 112, 224, 24, 64, 64},
        {"4c", 128, 128, 256, 24, 64, 64},
        {"4d", 112, 144, 288, 32, 64, 64},
        {"4e", 256, 160, 320, 32, 128, 128},
        {"5a", 256, 160, 320, 32, 128, 128},
        {"5b", 384, 192, 384, 48, 128, 128},
    };
    netcount_init(net, "GoogLeNet", 3, 224, 224);
    netcount_conv(net, "conv1", 64, 7, 2, 3);
    netcount_pool(net, "pool1", 3, 2, 0);
    netcount_conv(net, "conv2 reduce", 64, 1, 1, 0);
    netcount_conv(net, "conv2", 192, 3, 1, 1);
    netcount_pool(net, "pool2", 3, 2, 0);
    for (int i = 0; i < 9; i++) {
        inception(net, &blocks[i]);
        if (i == 1 || i == 6)
            netcount_pool(net, i == 1 ? "pool3" : "pool4", 3, 2, 0);
    }
    netcount_pool(net, "average", 7, 1, 0);
    netcount_linear(net, "fc", 1000);
}

// ---- 5. ResNet --------------------------------------------------------------

// [C ResNet] y = relu(F(x) + x)
// Where the shape changes, x goes through a 1 x 1. The addition has no weights.
// A plain block is two 3 x 3; a bottleneck is 1 x 1, 3 x 3, 1 x 1 with four
// times the channels at the end. What the shortcut adds is not depth.
static void residual(NetCount *net, const char *name, int channels, int stride,
                     int bottleneck) {
    const PictureShape in = net->out;
    const int out = bottleneck ? 4 * channels : channels;
    char layer[48];
    snprintf(layer, sizeof layer, "%s a", name);
    if (bottleneck)
        netcount_conv_norm(net, layer, channels, 1, stride, 0);
    else
        netcount_conv_norm(net, layer, channels, 3, stride, 1);
    snprintf(layer, sizeof layer, "%s b", name);
    netcount_conv_norm(net, layer, channels, 3, 1, 1);
    if (bottleneck) {
        snprintf(layer, sizeof layer, "%s c", name);
        netcount_conv_norm(net, layer, out, 1, 1, 0);
    }
    if (stride != 1 || in.C != out) {
        const int depth = net->depth;
        net->out = in;
        snprintf(layer, sizeof layer, "%s shortcut", name);
        netcount_conv_norm(net, layer, out, 1, stride, 0);
        net->depth = depth;
    }
}

static void resnet(NetCount *net, const char *name, const int blocks[4],
                   int bottleneck) {
    char block[32];
    netcount_init(net, name, 3, 224, 224);
    netcount_conv_norm(net, "conv1", 64, 7, 2, 3);
    netcount_pool(net, "pool1", 3, 2, 0);
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < blocks[stage]; i++) {
            snprintf(block, sizeof block, "conv%d_%d", stage + 2, i + 1);
            residual(net, block, 64 << stage, stage > 0 && i == 0 ? 2 : 1,
                     bottleneck);
        }
    netcount_pool(net, "average", 7, 1, 0);
    netcount_linear(net, "fc", 1000);
}

static void resnet18(NetCount *net) {
    resnet(net, "ResNet-18", (int[]){2, 2, 2, 2}, 0);
}

static void resnet34(NetCount *net) {
    resnet(net, "ResNet-34", (int[]){3, 4, 6, 3}, 0);
}

static void resnet50(NetCount *net) {
    resnet(net, "ResNet-50", (int[]){3, 4, 6, 3}, 1);
}

// ---- 6. Tables --------------------------------------------------------------

typedef struct {
    const char *key; // what --net and the result line call it
    void (*describe)(NetCount *net);
    int year;
    double top5; // published error of one net on ImageNet, %; 0: none
    int side;    // where its name stands in the chart: right, left, nowhere
    const char *note; // printed below its layers
} Classic;

static const char lenet_note[] =
    "LeCun et al. 1998: 60,000 trainable parameters in seven layers. C gives "
    "LeNet an\ninput of 32 x 32, a layer of 500 and one of 10; with the 20 and "
    "50 kernels of\nCaffe's example that makes 656,080.\n\n";
static const char alexnet_note[] =
    "C's input is 224 x 224, for which its own size formula gives (224 - 11) / "
    "4 + 1\n= 54.25 windows a row; for 227 it gives 55. C and the paper speak "
    "of 650,000\nneurons: the outputs of the eight layers are 659,272.\n\n";
static const char vgg_note[] =
    "C speaks of 16 to 19 layers and of 3 x 3 kernels only. Its table has nets "
    "of 11\nand 13 layers as well, and in column C three kernels of 1 x 1.\n\n";
static const char resnet_note[] =
    "C's 3.57 % on ImageNet is the error of an ensemble; the chart has single "
    "nets.\n\n";

static const Classic classics[] = {
    // the papers' figures; they differ in how many crops of a picture are seen
    {"lenet5", lenet5, 1998, 0, 0, lenet_note},
    {"lenet5_dense", lenet5_dense, 1998, 0, 0, lenet_note},
    {"lenet", netcount_lenet, 2014, 0, 0, lenet_note},
    {"alexnet", alexnet_lecture, 2012, 0, 0, alexnet_note},
    {"alexnet2", alexnet_original, 2012, 18.2, 1, alexnet_note},
    {"vgg_a", vgg_a, 2014, 10.4, 1, vgg_note},
    {"vgg_a_lrn", vgg_a_lrn, 2014, 10.5, 0, vgg_note},
    {"vgg_b", vgg_b, 2014, 9.9, 0, vgg_note},
    {"vgg_c", vgg_c, 2014, 8.8, 0, vgg_note},
    {"vgg_d", vgg_d, 2014, 8.1, 0, vgg_note},
    {"vgg_e", vgg_e, 2014, 8.0, 1, vgg_note},
    {"googlenet", googlenet, 2014, 7.9, 1, ""},
    {"resnet18", resnet18, 2015, 0, 0, resnet_note},
    {"resnet34", resnet34, 2015, 5.7, -1, resnet_note},
    {"resnet50", resnet50, 2015, 5.3, 1, resnet_note},
};
enum { CLASSICS = sizeof classics / sizeof *classics };

// The index of a net, or -1.
static int find(const char *key) {
    for (int i = 0; i < CLASSICS; i++)
        if (strcmp(classics[i].key, key) == 0)
            return i;
    return -1;
}

// 138357544 -> "138,357,544"
static const char *grouped(long n, char text[24]) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%ld", n), to = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[to++] = ',';
        text[to++] = digits[i];
    }
    text[to] = '\0';
    return text;
}

static void print_layers(const NetCount *net) {
    char number[24];
    printf("%s\n  %-18s %-18s %12s %16s\n", net->name, "layer",
           "output [C, H, W]", "weights", "multiply-adds");
    for (int i = 0; i < net->count; i++) {
        const LayerCount *l = &net->layers[i];
        char shape[40];
        snprintf(shape, sizeof shape, "[%d, %d, %d]", l->out.C, l->out.H,
                 l->out.W);
        printf("  %-18s %-18s %12s", l->name, shape,
               grouped(l->weights, number));
        printf(" %16s\n", grouped((long)l->multiply_adds, number));
    }
    printf("  %-37s %12s", "", grouped(net->weights, number));
    printf(" %16s\n\n", grouped((long)net->multiply_adds, number));
}

static void print_summary(const NetCount nets[CLASSICS]) {
    char number[24];
    printf("%-20s year %7s %13s %12s %14s\n", "net", "layers", "weights",
           "units", "multiply-adds");
    for (int i = 0; i < CLASSICS; i++) {
        printf("%-20s %d %7d %13s", nets[i].name, classics[i].year,
               nets[i].depth, grouped(nets[i].weights, number));
        printf(" %12s", grouped(nets[i].units, number));
        printf(" %14s\n", grouped((long)nets[i].multiply_adds, number));
    }
    printf("\nlayers: with weights, on the longest path, as the papers count; "
           "not counted are\na shortcut's 1 x 1 and the shorter branches of an "
           "Inception block. LeNet-5\ncounts its trainable poolings and its "
           "output. units: the outputs of all layers\nthat compute with "
           "weights (neurons).\n\n");
}

// ---- 7. The chart -----------------------------------------------------------

static void draw(const NetCount nets[CLASSICS], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "architectures", format))
        return;
    figure_title(&f,
                 "GoogLeNet has a twentieth of VGG's weights and makes fewer "
                 "mistakes");
    figure_caption(&f, "Published errors of single nets; the area of a circle "
                       "is the multiply-adds that a picture costs.");
    figure_table(&f,
                 "weights in millions,error in %,multiply-adds in 10^9,net");
    for (int i = 0; i < CLASSICS; i++)
        if (classics[i].top5 > 0)
            figure_row(&f, 1e-6 * (double)nets[i].weights, classics[i].top5,
                       1e-9 * nets[i].multiply_adds, i);
    figure_x(&f, "weights (millions)");
    figure_log(&f, 'x');
    figure_range(&f, 'x', 4.0, 400.0);
    figure_y(&f, "top-5 error on ImageNet (%%)");
    figure_range(&f, 'y', 3.0, 21.0);
    for (int i = 0; i < CLASSICS; i++) {
        double x = 1e-6 * (double)nets[i].weights, y = classics[i].top5;
        double size = 0.6 * sqrt(1e-9 * nets[i].multiply_adds) + 0.5;
        double beside = 1.0 + 0.06 * (size + 1.0); // the x axis is logarithmic
        figure_pen(&f, (Pen){.color = PEN_BLUE,
                             .point = POINT_RING,
                             .size = size,
                             .column = 4,
                             .value = i});
        figure_points(&f, 1, 2, "%s", "");
        if (classics[i].side > 0)
            figure_note(&f, x * beside, y, 'l', "%s", nets[i].name);
        else if (classics[i].side < 0)
            figure_note(&f, x / beside, y, 'r', "%s", nets[i].name);
    }
    figure_close(&f);
}

// ---- 8. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions common = {0};
    const char *which = "alexnet";
    const Option table[] = {
        option_text(
            "net", &which, "NAME",
            "whose layers to show: lenet5, lenet5_dense, lenet, alexnet, "
            "alexnet2, vgg_a, vgg_a_lrn, vgg_b to vgg_e, googlenet, "
            "resnet18, resnet34, resnet50"),
    };
    cli_parse(&common, "architectures",
              "Counts the weights and the multiply-adds of the classic "
              "convolutional nets, layer by layer.",
              table, 1, argc, argv);
    if (find(which) < 0)
        cli_usage_error(argv[0], "--net %s is not known", which);
    NetCount nets[CLASSICS];
    for (int i = 0; i < CLASSICS; i++) {
        classics[i].describe(&nets[i]);
        if (!common.quiet && i == find(which)) {
            print_layers(&nets[i]);
            printf("%s", classics[i].note);
        }
    }
    if (!common.quiet)
        print_summary(nets);
    draw(nets, common.plot);
    net_draw(&nets[find("lenet")], (PictureShape){1, 28, 28}, "ch06",
             "architectures_lenet", common.plot);
    for (int i = 0; i < CLASSICS; i++) {
        run_result("%s=%ld", classics[i].key, nets[i].weights);
        netcount_free(&nets[i]);
    }
    return run_end();
}
