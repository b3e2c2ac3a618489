#include "handwriting.h"

#include "error.h"

// ---- 1. The handwritings ---------------------------------------------------

// How people write each digit, several ways, all equally often. After the
// digit come the points that the pen passes, in order: xxyy in hundredths of
// the digit's box, 0000 its top left corner and 9999 the bottom right one.
// A | lifts the pen. A ^ stops it for a sharp corner at the next point;
// everywhere else the curve runs through smoothly.
static const char *const handwritings[] = {
    // round; wound up inside; open at the top
    "0: 5502 2515 1050 2285 5098 8085 9050 8013 5003",
    "0: 7012 4502 1830 1268 4298 7588 9050 8016 5006 3218",
    "0: 3808 1530 1068 4098 7882 8840 7212 4805",
    // with a hook before, a hook after, a corner at the top
    "0: 2412 5503 8520 9055 7088 4098 1575 1440 3812 6002",
    "0: 5503 2515 1050 2888 6095 8860 8220 5506 5018 9010",
    "0: 7510 ^5003 2015 1050 2585 5098 8285 9050 8015 5502",
    // a line; bent; with a flag; with flag and base
    "1: 5000 5050 5099",
    "1: 5400 4850 5299",
    "1: 3224 ^5502 5250 5099",
    "1: 3022 ^5302 5150 ^5099 | 2298 5097 8099",
    // with a sharp corner at the base
    "2: 1522 4003 7512 7535 4570 ^1097 5096 9295",
    "2: 1818 5002 7525 5065 ^1095 3588 6296 9286",
    "2: 1208 ^7806 5050 ^1296 9096",
    "2: 3535 1818 4502 7520 6055 ^2095 5592 9097",
    "2: 0530 4015 8008 5045 ^1590 5585 9590",
    "2: 3010 5002 6020 5565 ^3092 1585 3080 9088",
    "2: 3020 5503 6815 6045 3575 ^1597 5596 9096",
    // with a small loop at the base
    "2: 1520 4502 7818 6550 3582 1592 0880 2474 5088 9594",
    "2: 4032 1822 4502 7520 6060 3595 0888 2275 5586 9078",
    "2: 2520 5002 7520 7045 4080 2094 1082 2872 5585 9095",
    "2: 1530 3005 6503 7525 6055 3592 1590 2072 4578 6595 9580",
    "2: 1025 2805 5503 7318 7045 5278 2097 0888 1872 4575 7090 9592",
    // with a wide one
    "2: 1622 4802 7618 7248 5080 2598 0585 2570 6084 9682",
    "2: 1820 4503 7515 7040 5070 2586 0878 1663 4466 7082 9298",
    "2: 1522 4502 7818 7045 5078 2895 0888 1670 4568 7080 9592",
    "2: 3520 5505 7518 6842 4272 2084 0875 1860 4565 6880 9098",
    // two bows; flat top; a loop in the waist; swung through
    "3: 1512 4802 7815 6838 ^4048 7555 8875 6097 1590",
    "3: 1506 ^8005 6025 ^4245 7552 8675 6096 1592",
    "3: 1812 5002 7820 5845 3850 4542 7252 8578 5598 1290",
    "3: 2008 5502 7522 4547 7862 7588 5098 1595",
    // curled end; small upper bow; wide; curled beginning
    "3: 2018 4502 7215 6034 ^4042 8058 8582 5598 2092 1578",
    "3: 2008 5503 6825 ^3846 6862 6085 2599",
    "3: 1015 4002 8015 7535 ^4545 8555 9078 5598 0885",
    "3: 2522 2508 5002 7515 6535 ^4045 7552 8075 5596 2092 1578",
    // open; the bar crossing; closed; like a y; in one stroke
    "4: 2505 ^1250 8852 | 7008 6555 6499",
    "4: 3500 ^0858 9555 | 6030 5899",
    "4: 6099 ^6802 ^0566 9565",
    "4: 1505 1542 4055 8040 | 8508 8050 7599",
    "4: 2005 1040 3055 7545 ^8805 7550 7099",
    // in one stroke
    "5: 8803 ^3005 ^2443 5540 8262 7588 4598 1088",
    "5: 8805 5005 2822 3542 7058 7880 5597 1592",
    "5: 9002 ^4006 ^3038 6048 7568 5592 0896",
    "5: 9800 ^4808 ^3040 5547 6266 4888 0898",
    // the flag apart
    "5: 3006 ^2445 5542 8262 7588 4598 1090 | 3006 6004 9202",
    "5: 3006 ^2445 5540 8260 7590 4298 2282 | 3006 5506 8804",
    "5: 3510 4540 6262 5590 3098 1085 | 3510 6006 9004",
    // almost closed
    "5: 8003 ^3505 ^2845 5535 8058 7588 4598 2085 2568",
    // long stem; upright; looped; like a b
    "6: 7002 3530 1568 2892 5898 8078 7258 4556 1875",
    "6: 4500 2540 1275 3598 7590 8065 5555 2078",
    "6: 8005 4520 1560 2092 5097 7075 5560 2568 1580",
    "6: 2800 1640 1480 4598 8085 7055 4052 1570",
    // low belly; a spiral; a sharp heel
    "6: 6002 3030 1262 2290 5597 8682 7666 4868 2582",
    "6: 8006 3514 0850 2588 6592 9070 7048 4556 4272",
    "6: 5000 2540 1880 ^2095 7596 8875 6568 3082",
    // plain; with a serif; swung; like an n
    "7: 1008 ^8806 5555 3899",
    "7: 1024 ^1408 ^8808 6050 5099",
    "7: 0818 3005 6012 ^9005 6548 4599",
    "7: 1240 1815 3008 6008 8520 8050 7099",
    // barred, without and with a serif
    "7: 1208 ^8806 5555 4099 | 3052 7850",
    "7: 1022 ^1508 ^8806 6555 4599 | 2555 8045",
    // in one stroke: from the right, from the waist, with long ends
    "8: 7815 5002 2518 3540 6555 8078 5098 1880 3058 6842 8020 7210",
    "8: 5048 2225 5002 7825 5048 2076 5098 8076 5048",
    "8: 9004 5503 3018 4540 6562 5892 3894 3075 5548 9505",
    // a small lower ring; a small upper one; both small; narrow
    "8: 8022 5002 1515 2540 5555 6882 5098 3582 4560 8040 8515",
    "8: 7012 5002 3515 4530 8055 8888 5098 1585 2058 5535 6818",
    "8: 8012 5503 3015 3535 5550 6570 5592 3595 2580 4060 6040 8015",
    "8: 6510 4002 2020 3042 6060 7580 5098 2585 3565 6045 7020 5503",
    // two rings; open at the top; crossed and open; like an ampersand
    "8: 5003 2522 5046 7522 5003 | 5046 1574 5098 8574 5046",
    "8: 8505 5004 2520 5048 8075 5098 2078 4555 7530 9002",
    "8: 1808 4540 7565 7888 5098 2588 3562 6535 8808",
    "8: 1520 3003 6008 7018 ^5045 2575 4598 7582 5050 2030",
    // the ring from its right end, then a straight tail
    "9: 7822 5503 2018 1538 4550 7235 ^8010 7550 6899",
    "9: 8210 4502 1028 1855 5060 8230 ^8808 8550 8699",
    "9: 8808 5502 2220 3542 7032 ^8010 7060 4099",
    "9: 7812 5002 2518 2034 4540 7022 ^8008 6855 5599",
    "9: 8015 5005 2515 2530 5030 8012 7550 6099",
    "9: 8015 5002 1520 1842 4552 7542 8015 7860 7099",
    // a curved one
    "9: 7818 5003 2022 2545 5550 7830 8012 8055 6590 1892",
    "9: 8022 5502 2018 2042 5050 7835 ^8515 7560 5599",
    "9: 7505 4510 3030 5040 7520 7505 6550 5599",
    "9: 8803 5005 2520 2042 4845 7025 ^7512 7055 4598 2092",
    "9: 8510 6002 3518 2535 4542 7022 8505 6555 5099",
    // the ring open, or the tail apart
    "9: 8206 5503 2520 2040 4545 7028 ^8406 7250 6299",
    "9: 7818 5503 2018 1540 4550 7232 | 7805 7550 7299",
    "9: 6505 3508 1530 2550 5048 7530 7008 | 7510 8050 8099",
    "9: 7008 4502 2022 2040 4545 7025 | 8012 7050 6599",
    "9: 7015 4502 2018 2238 4546 6835 7510 ^7802 6850 6099",
    // the ring closed all round
    "9: 5002 2520 3545 7040 7515 5002 ^7508 7260 5099",
};

enum {
    HANDWRITINGS = sizeof handwritings / sizeof *handwritings,
    STEPS = 6, // straight lines between two points of the table
};

// The points of one of the digit's handwritings.
static const char *choose(int digit, Rng *rng) {
    int first = 0, ways = 0;
    while (handwritings[first][0] - '0' != digit)
        first++;
    while (first + ways < HANDWRITINGS &&
           handwritings[first + ways][0] - '0' == digit)
        ways++;
    return handwritings[first + rng_below(rng, ways)] + 2; // after "0:"
}

// ---- 2. Chance -------------------------------------------------------------
//
// Here and in digits.c only + - * / and sqrt are used, which IEEE 754 defines
// to the last bit: every machine draws the same digits. It does not define
// sine and logarithm, and rng_normal needs both.

static float between(float low, float high, Rng *rng) {
    return low + (high - low) * rng_uniform(rng);
}

// About normal, mean 0, standard deviation `width`, never beyond 3.5 widths:
// a sum of four uniforms, whose variance is 4/12.
static float around_zero(float width, Rng *rng) {
    float sum = -2.0f;
    for (int i = 0; i < 4; i++)
        sum += rng_uniform(rng);
    return sum * 1.7320508f * width;
}

// ---- 3. From the table to a curve ------------------------------------------

static void add_point(Curve *curve, Point point) {
    REQUIRE(curve->count < CURVE_POINTS, "a curve has %d points", curve->count);
    curve->at[curve->count++] = point;
}

// "25" is 0.25
static float hundredths(const char *digits) {
    return (float)((digits[0] - '0') * 10 + (digits[1] - '0')) / 100.0f;
}

// Reads the points of a handwriting. Each trembles on its own, and each stroke
// after the first is set down a little off its place. Three corners in ten are
// rounded, as a quick hand does.
static void read_points(Curve *points, const char *text, Rng *rng) {
    float tremble = between(0.015f, 0.055f, rng);
    float off_x = 0.0f, off_y = 0.0f;
    Point p = {.starts = true};
    points->count = 0;
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            p.starts = true;
            off_x = around_zero(0.03f, rng);
            off_y = around_zero(0.03f, rng);
        } else if (*text == '^') {
            p.corner = rng_uniform(rng) < 0.7f;
        } else if (*text != ' ') {
            p.x = hundredths(text) - 0.5f + off_x + around_zero(tremble, rng);
            p.y = hundredths(text + 2) - 0.5f + off_y;
            p.y += around_zero(tremble, rng);
            add_point(points, p);
            p.starts = p.corner = false;
            text += 3; // and one more by the loop
        }
    }
}

// Catmull & Rom (1974): between p1 (t = 0) and p2 (t = 1) the cubic whose slope
// is (p2 - p0) / 2 at p1 and (p3 - p1) / 2 at p2.
static float catmull_rom(float p0, float p1, float p2, float p3, float t) {
    float a = p2 - p0, b = 2.0f * p0 - 5.0f * p1 + 4.0f * p2 - p3;
    float c = 3.0f * (p1 - p2) + p3 - p0;
    return p1 + 0.5f * t * (a + t * (b + t * c));
}

// Draws the curve through the points. Where a stroke begins, ends or has a
// corner there is no neighbour to look at: the point itself stands in for it.
static void join_points(Curve *curve, const Curve *points) {
    const Point *end = points->at + points->count;
    curve->count = 0;
    for (const Point *p2 = points->at; p2 < end; p2++) {
        if (p2->starts) {
            add_point(curve, *p2);
            continue;
        }
        const Point *p1 = p2 - 1, *p3 = p2 + 1;
        const Point *p0 = p1->starts || p1->corner ? p1 : p1 - 1;
        if (p3 == end || p3->starts || p2->corner)
            p3 = p2;
        for (int s = 1; s <= STEPS; s++) {
            float t = (float)s / STEPS;
            Point p = {.x = catmull_rom(p0->x, p1->x, p2->x, p3->x, t),
                       .y = catmull_rom(p0->y, p1->y, p2->y, p3->y, t)};
            add_point(curve, p);
        }
    }
}

// ---- 4. Bending and slanting -----------------------------------------------

// Moves every point by a random polynomial of its place, one for x and one for
// y: as if the digit were drawn on a rubber sheet and that pulled about. The
// terms of degree 0 and 1 are missing; they shift and slant.
static void bend(Curve *curve, Rng *rng) {
    enum { TERMS = 7 };
    float cx[TERMS], cy[TERMS];
    for (int k = 0; k < TERMS; k++) {
        cx[k] = around_zero(0.07f, rng);
        cy[k] = around_zero(0.07f, rng);
    }
    for (int i = 0; i < curve->count; i++) {
        Point *p = &curve->at[i];
        float u = 2.0f * p->x, v = 2.0f * p->y; // -1 .. 1
        const float term[TERMS] = {u * u,     u * v,     v * v,    u * u * u,
                                   u * u * v, u * v * v, v * v * v};
        for (int k = 0; k < TERMS; k++) {
            p->x += cx[k] * term[k];
            p->y += cy[k] * term[k];
        }
    }
}

// Narrow or wide, slanted to the right more often than not, turned a little:
//     new = [c -s; s c] * [width -shear; 0 1] * old
// With h = tan(angle / 2) the rotation is c = (1 - h^2) / (1 + h^2) and
// s = 2 h / (1 + h^2).
static void slant(Curve *curve, Rng *rng) {
    float width = between(0.5f, 1.2f, rng);
    float shear = 0.15f + around_zero(0.22f, rng);
    float h = around_zero(0.05f, rng);
    float c = (1.0f - h * h) / (1.0f + h * h), s = 2.0f * h / (1.0f + h * h);
    for (int i = 0; i < curve->count; i++) {
        Point *p = &curve->at[i];
        float x = width * p->x - shear * p->y, y = p->y;
        p->x = c * x - s * y;
        p->y = s * x + c * y;
    }
}

void handwriting_write(Curve *curve, int digit, Rng *rng) {
    REQUIRE(digit >= 0 && digit <= 9, "digit is %d", digit);
    Curve points;
    read_points(&points, choose(digit, rng), rng);
    join_points(curve, &points);
    bend(curve, rng);
    slant(curve, rng);
}
