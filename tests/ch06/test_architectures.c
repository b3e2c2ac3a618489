// Every count against the papers' and PyTorch's; LeNet's against lenet.c's own
// banner; shapes on the way.

#define main architectures_main
#include "ch06_cnn/architectures.c"
#undef main

#include "testing.h"

static NetCount count(const char *key) {
    NetCount net;
    classics[find(key)].describe(&net);
    return net;
}

START_TEST(published_weights) {
    const struct {
        const char *key;
        long weights;
    } published[] = {
        // lenet.c's banner; AlexNet's "60 million" in two towers; VGG's table 2
        // ("133, 133, 134, 138, 144 million"), ResNet with batch norm's two
        // numbers a kernel, all as the frameworks' model zoos count them
        {"lenet", 656080},      {"alexnet", 62378344},  {"alexnet2", 60965224},
        {"vgg_a", 132863336},   {"vgg_b", 133047848},   {"vgg_c", 133638952},
        {"vgg_d", 138357544},   {"vgg_e", 143667240},   {"googlenet", 6998552},
        {"resnet18", 11689512}, {"resnet34", 21797672}, {"resnet50", 25557032},
    };
    ck_assert_int_eq(sizeof published / sizeof *published, CLASSICS);
    for (int i = 0; i < CLASSICS; i++) {
        NetCount net = count(published[i].key);
        ck_assert_int_eq(net.weights, published[i].weights);
        netcount_free(&net);
    }
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
        NetCount net = count(nets[i].key);
        ck_assert_double_eq_tol(net.multiply_adds * 1e-9, nets[i].published,
                                0.07);
        netcount_free(&net);
    }
}
END_TEST

START_TEST(shapes_on_the_way) {
    NetCount net = count("alexnet");
    const PictureShape *out = &net.layers[0].out; // conv1, the lecture's
    ck_assert(out->C == 96 && out->H == 55 && out->W == 55);
    netcount_free(&net);
    net = count("vgg_d");
    ck_assert_str_eq(net.layers[net.count - 4].name, "pool5");
    out = &net.layers[net.count - 4].out;
    ck_assert(out->C == 512 && out->H == 7 && out->W == 7);
    netcount_free(&net);
    net = count("googlenet");
    out = &net.layers[net.count - 2].out;
    ck_assert(out->C == 1024 && out->H == 1 && out->W == 1);
    netcount_free(&net);
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
    Run run = run_program("architectures --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "vgg_d"), 138357544);
    ck_assert_double_eq(result_value(&run, "resnet50"), 25557032);
    run = run_program("architectures --plot none --net vgg_x");
    ck_assert_int_eq(run.status, 2);
    ck_assert_ptr_nonnull(strstr(run.output, "vgg_x"));
}
END_TEST

int main(void) {
    const Test tests[] = {{published_weights},
                          {published_multiply_adds},
                          {shapes_on_the_way},
                          {digits_in_threes},
                          {prints_its_result}};
    return run_tests("architectures", tests, sizeof tests / sizeof *tests);
}
