// Weights, layers and neurons against what papers, C and torchvision publish;
// the rest by hand from the description; shapes on the way.

#define main architectures_main
#include "ch06_cnn/architectures.c"
#undef main

#include <math.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// Each is counted once, and kept until the test ends.
static const NetCount *count(const char *key) {
    static NetCount nets[CLASSICS];
    const int i = find(key);
    if (nets[i].count == 0)
        classics[i].describe(&nets[i]);
    return &nets[i];
}

// Only counts that somebody else has published, and as exactly as they did.
START_TEST(published_weights) {
    const struct {
        const char *key;
        double weights, rounded;
    } published[] = {
        // LeCun et al. 1998: "60,000 trainable parameters"
        {"lenet5", 60000, 0},
        // Krizhevsky et al. 2012: "60 million"
        {"alexnet2", 60e6, 1e6},
        // Simonyan & Zisserman 2014, table 2, in millions
        {"vgg_a_lrn", 133e6, 0.5e6},
        {"vgg_c", 134e6, 0.5e6},
        // torchvision's num_params; in the paper 133, 133, 138, 144 million
        {"vgg_a", 132863336, 0},
        {"vgg_b", 133047848, 0},
        {"vgg_d", 138357544, 0},
        {"vgg_e", 143667240, 0},
        {"resnet18", 11689512, 0},
        {"resnet34", 21797672, 0},
        {"resnet50", 25557032, 0},
    };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        double weights = (double)count(published[i].key)->weights;
        ck_assert_double_le(fabs(weights - published[i].weights),
                            published[i].rounded);
    }
}
END_TEST

// What nobody publishes, multiplied out from the descriptions.
START_TEST(weights_by_hand) {
    const long fc = 4096L * (256 * 36 + 1) + 4096L * 4097 + 1000L * 4097;
    const long alexnet = 96 * (3 * 121 + 1) + 256 * (96 * 25 + 1) +
                         384 * (256 * 9 + 1) + 384 * (384 * 9 + 1) +
                         256 * (384 * 9 + 1) + fc;
    const long alexnet2 = 96 * (3 * 121 + 1) + 256 * (48 * 25 + 1) +
                          384 * (256 * 9 + 1) + 384 * (192 * 9 + 1) +
                          256 * (192 * 9 + 1) + fc;
    ck_assert_int_eq(count("lenet5_dense")->weights,
                     6 * 26 + 16 * (6 * 25 + 1) + 120 * 401 + 84 * 121 + 850);
    ck_assert_int_eq(count("lenet")->weights,
                     20 * 26 + 50 * (20 * 25 + 1) + 500 * 1251 + 5010);
    ck_assert_int_eq(count("alexnet")->weights, alexnet);
    ck_assert_int_eq(count("alexnet2")->weights, alexnet2);
    // D has 3 x 3 where C has 1 x 1
    ck_assert_int_eq(count("vgg_d")->weights - count("vgg_c")->weights,
                     8 * (256 * 256 + 2 * 512 * 512));
}
END_TEST

// The paper's table of GoogLeNet: channels in, 1 x 1, 3 x 3 reduce, 3 x 3,
// 5 x 5 reduce, 5 x 5, behind the pooling. (Its column of weights does not
// follow from these.)
START_TEST(googlenet_by_hand) {
    const long b[9][7] = {
        {192, 64, 96, 128, 16, 32, 32},     {256, 128, 128, 192, 32, 96, 64},
        {480, 192, 96, 208, 16, 48, 64},    {512, 160, 112, 224, 24, 64, 64},
        {512, 128, 128, 256, 24, 64, 64},   {512, 112, 144, 288, 32, 64, 64},
        {528, 256, 160, 320, 32, 128, 128}, {832, 256, 160, 320, 32, 128, 128},
        {832, 384, 192, 384, 48, 128, 128}};
    long sum = 64 * (3 * 49 + 1) + 64 * 65 + 192 * (64 * 9 + 1) + 1000 * 1025;
    for (int i = 0; i < 9; i++) {
        long in = b[i][0] + 1; // and the bias
        sum += in * (b[i][1] + b[i][2] + b[i][4] + b[i][6]);
        sum += b[i][3] * (9 * b[i][2] + 1) + b[i][5] * (25 * b[i][4] + 1);
    }
    ck_assert_int_eq(count("googlenet")->weights, sum);
}
END_TEST

// C's table of VGG and its eight layers of AlexNet; the others' own papers.
START_TEST(published_layers) {
    const struct {
        const char *key;
        int layers;
    } published[] = {{"lenet5", 7},     {"alexnet", 8},    {"alexnet2", 8},
                     {"vgg_a", 11},     {"vgg_a_lrn", 11}, {"vgg_b", 13},
                     {"vgg_c", 16},     {"vgg_d", 16},     {"vgg_e", 19},
                     {"googlenet", 22}, {"resnet18", 18},  {"resnet34", 34},
                     {"resnet50", 50}};
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        int depth = count(published[i].key)->depth;
        ck_assert_msg(depth == published[i].layers, "%s has %d layers",
                      published[i].key, depth);
    }
}
END_TEST

// LeCun's table of LeNet-5, layer by layer; C's 650,000 neurons.
START_TEST(layers_one_by_one) {
    const NetCount *net = count("lenet5");
    const long weights[] = {156, 12, 1516, 32, 48120, 10164, 0};
    ck_assert_int_eq(net->count, 7);
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(net->layers[i].weights, weights[i]);
    const long of_convolutions =
        55 * 55 * 96 + 27 * 27 * 256 + 13 * 13 * (384 + 384 + 256);
    net = count("alexnet");
    ck_assert_int_eq(net->units, of_convolutions + 4096 + 4096 + 1000);
    long convolutions = 0;
    for (int i = 0; i < net->count; i++)
        convolutions += net->layers[i].out.H > 1 ? net->layers[i].units : 0;
    ck_assert_int_eq(convolutions, of_convolutions);
}
END_TEST

// The papers' FLOPs (multiply-adds), in 10^9: they round, or cut, to a digit.
START_TEST(published_multiply_adds) {
    const struct {
        const char *key;
        double published;
    } nets[] = {{"resnet18", 1.8}, {"resnet34", 3.6}, {"resnet50", 3.8},
                {"vgg_d", 15.5},   {"vgg_e", 19.6},   {"alexnet2", 0.72}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        ck_assert_double_eq_tol(count(nets[i].key)->multiply_adds * 1e-9,
                                nets[i].published, 0.07);
    }
}
END_TEST

// The outputs of AlexNet's conv1, of VGG D's last pooling and of GoogLeNet's.
START_TEST(shapes_on_the_way) {
    const struct {
        const char *key;
        int layer; // below 0: counted from the end
        PictureShape out;
    } shapes[] = {{"alexnet", 0, {96, 55, 55}},
                  {"vgg_d", -4, {512, 7, 7}},
                  {"googlenet", -2, {1024, 1, 1}}};
    for (int i = 0; i < 3; i++) {
        const NetCount *net = count(shapes[i].key);
        int layer = shapes[i].layer + (shapes[i].layer < 0 ? net->count : 0);
        const PictureShape *out = &net->layers[layer].out;
        ck_assert_msg(out->C == shapes[i].out.C && out->H == shapes[i].out.H &&
                          out->W == shapes[i].out.W,
                      "%s, %s: [%d, %d, %d]", net->name,
                      net->layers[layer].name, out->C, out->H, out->W);
    }
}
END_TEST

// Pooling follows the first, the second and the fifth convolution.
START_TEST(alexnet_in_order) {
    static const char *const names[] = {
        "conv1", "lrn1",  "pool1", "conv2", "lrn2", "pool2", "conv3",
        "conv4", "conv5", "pool5", "fc6",   "fc7",  "fc8"};
    const NetCount *net = count("alexnet");
    ck_assert_int_eq(net->count, 13);
    for (int i = 0; i < 13; i++)
        ck_assert_str_eq(net->layers[i].name, names[i]);
}
END_TEST

// A-LRN normalizes behind its first convolution, and nowhere else; A does not.
// Neither the weights nor the depth tell.
START_TEST(vgg_normalizes_once) {
    const NetCount *with = count("vgg_a_lrn"), *without = count("vgg_a");
    ck_assert_int_eq(with->count, without->count + 1);
    ck_assert_str_eq(with->layers[0].name, "conv1_1");
    ck_assert_str_eq(with->layers[1].name, "lrn");
    for (int i = 1; i < without->count; i++) {
        ck_assert_str_ne(without->layers[i].name, "lrn");
        ck_assert_str_eq(with->layers[i + 1].name, without->layers[i].name);
    }
}
END_TEST

// Column C: 3 x 3, and 1 x 1 at the end of each of the last three stages.
START_TEST(vgg_c_has_three_small_kernels) {
    const NetCount *net = count("vgg_c");
    int in = 3, small = 0, convolutions = 0;
    for (int i = 0; strncmp(net->layers[i].name, "fc", 2) != 0; i++) {
        const LayerCount *l = &net->layers[i];
        bool one = strcmp(l->name, "conv3_3") == 0 ||
                   strcmp(l->name, "conv4_3") == 0 ||
                   strcmp(l->name, "conv5_3") == 0;
        if (strncmp(l->name, "conv", 4) == 0) {
            ck_assert_int_eq(l->weights, ((one ? 1 : 9) * in + 1) * l->out.C);
            convolutions++;
            small += one;
        }
        in = l->out.C;
    }
    ck_assert_int_eq(convolutions, 13);
    ck_assert_int_eq(small, 3);
}
END_TEST

// AlexNet, VGG D, GoogLeNet and ResNet-50: weights in millions, and the errors
// that their papers print.
START_TEST(published_errors_are_in_the_chart) {
    run_for_charts("architectures --quiet");
    const char *text = text_of("out/ch06/architectures.csv");
    static const char *const rows[] = {"\n60.96522,18.2,", "\n138.3575,8.1,",
                                       "\n6.998552,7.9,", "\n25.55703,5.3,"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_says(text, rows[i]);

    // a name stands beside its point
    const char *figure = "out/ch06/architectures.fig";
    int i = 0;
    while (strcmp(figure_words(figure, "note", i), "GoogLeNet") != 0)
        i++;
    double millions = figure_attribute(figure, "note", i, "x");
    ck_assert_double_gt(millions, 1.05 * 6.998552);
    ck_assert_double_lt(millions, 1.3 * 6.998552);
    ck_assert_double_eq(figure_attribute(figure, "note", i, "y"), 7.9);

    // the point of net number `value` in column 4; larger, the more it costs
    double size[CLASSICS] = {0};
    for (int k = 0; k < figure_count(figure, "points"); k++) {
        ck_assert_double_eq(figure_attribute(figure, "points", k, "column"), 4);
        size[(int)figure_attribute(figure, "points", k, "value")] =
            figure_attribute(figure, "points", k, "size");
    }
    ck_assert_double_gt(size[find("googlenet")], 1);
    ck_assert_double_gt(size[find("vgg_e")], 2 * size[find("googlenet")]);
}
END_TEST

// LeNet's conv1: 20 kernels of 25 weights and a bias; every weight but the
// biases acts at 28 x 28 places.
START_TEST(shows_the_layers_asked_for) {
    Run run = run_well("architectures --net lenet --plot none");
    const char *row = from_line(run.output, "conv1");
    char shape[32], weights[16], products[16];
    ck_assert_int_eq(
        sscanf(row, " conv1 %31[^]]] %15s %15s", shape, weights, products), 3);
    ck_assert_str_eq(shape, "[20, 28, 28");
    ck_assert_str_eq(weights, "520");
    ck_assert_str_eq(products, "392,000");
}
END_TEST

START_TEST(digits_in_threes) {
    char text[24];
    ck_assert_str_eq(grouped(138357544, text), "138,357,544");
    ck_assert_str_eq(grouped(1000, text), "1,000");
    ck_assert_str_eq(grouped(999, text), "999");
    ck_assert_str_eq(grouped(0, text), "0");
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("architectures");
    ck_assert_double_eq(result_value(&run, "vgg_d"), 138357544);
    ck_assert_double_eq(result_value(&run, "resnet50"), 25557032);
    run = run_program("architectures --plot none");
    assert_says(run.output, "54.25");
    assert_says(run.output,
                "AlexNet, one tower   2012       8    62,378,344      "
                "659,272  1,135,256,096\n");
    run = run_program("architectures --plot none --net vgg_x");
    ck_assert_int_eq(run.status, 2);
    assert_says(run.output, "vgg_x");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {published_weights},
        {weights_by_hand},
        {googlenet_by_hand},
        {published_layers},
        {layers_one_by_one},
        {published_multiply_adds},
        {shapes_on_the_way},
        {alexnet_in_order},
        {vgg_normalizes_once},
        {vgg_c_has_three_small_kernels},
        {published_errors_are_in_the_chart},
        {shows_the_layers_asked_for},
        {digits_in_threes},
        {prints_its_result},
    };
    return run_tests("architectures", tests, sizeof tests / sizeof *tests);
}
