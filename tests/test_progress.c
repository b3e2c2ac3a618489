// test_progress.c - the bar as a terminal sees it, and a lost loss.

#include "progress.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

// ---- 1. Without a terminal --------------------------------------------------

// Two epochs of three batches whose losses are 1, 2 and 3.
static void train(bool quiet) {
    Progress p;
    progress_init(&p, 2, 3, quiet);
    for (int epoch = 1; epoch <= 2; epoch++) {
        progress_epoch(&p, epoch);
        for (int batch = 1; batch <= 3; batch++)
            progress_batch(&p, (float)batch);
        ck_assert_float_eq(progress_mean_loss(&p), 2.0f);
    }
}

static void train_aloud(void) {
    train(false);
}

START_TEST(nothing_is_drawn_into_a_file) {
    Run run = run_function(train_aloud);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "");
}
END_TEST

START_TEST(mean_loss_is_that_of_the_epoch) {
    Progress p;
    progress_init(&p, 2, 4, true);
    progress_epoch(&p, 1);
    ck_assert_float_nan(progress_mean_loss(&p));
    progress_batch(&p, 1.0f);
    progress_batch(&p, 2.0f);
    ck_assert_float_eq(progress_mean_loss(&p), 1.5f);
    progress_epoch(&p, 2);
    progress_batch(&p, 8.0f);
    ck_assert_float_eq(progress_mean_loss(&p), 8.0f);
}
END_TEST

START_TEST(seconds_go_forward) {
    double before = seconds_now();
    usleep(20000);
    double passed = seconds_now() - before;
    ck_assert(passed >= 0.02 && passed < 5);
}
END_TEST

static void lose(float loss) {
    Progress p;
    progress_init(&p, 3, 100, false);
    progress_epoch(&p, 2);
    progress_batch(&p, 1.0f);
    progress_batch(&p, loss);
    printf("not reached\n");
}

static void lose_to_nan(void) {
    lose(NAN);
}

static void lose_to_infinity(void) {
    lose(INFINITY);
}

START_TEST(nan_loss_ends_the_program) {
    Run run = run_function(lose_to_nan);
    ck_assert_int_eq(run.status, 1);
    ck_assert_str_eq(run.output,
                     "error: the loss became NaN in epoch 2, batch 2: the "
                     "steps are too long; try a smaller --lr\n"
                     "result: trouble=diverged\n");
}
END_TEST

START_TEST(infinite_loss_ends_the_program) {
    Run run = run_function(lose_to_infinity);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "the loss became infinite in");
}
END_TEST

// ---- 2. On a terminal -------------------------------------------------------

// What a terminal of that many columns is sent by `draws` on stderr.
typedef struct {
    char text[65536];
} Screen;

static Screen on_terminal(int columns, void (*draws)(void)) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    int kept = dup(STDERR_FILENO);
    struct winsize window = {.ws_col = (unsigned short)columns, .ws_row = 24};
    ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &window), 0);
    setenv("TERM", "xterm", 1);
    dup2(slave, STDERR_FILENO);
    draws(); // little enough to wait in the terminal's buffer
    dup2(kept, STDERR_FILENO);
    // The kernel hands it on in pieces, as it finds the time: read up to a
    // mark.
    const char *mark = "<end>";
    ck_assert_int_eq(write(slave, mark, strlen(mark)), (int)strlen(mark));
    Screen screen = {""};
    size_t used = 0;
    char *end = NULL;
    while (end == NULL) {
        ssize_t got =
            read(master, screen.text + used, sizeof screen.text - 1 - used);
        ck_assert_int_gt(got, 0);
        used += (size_t)got;
        screen.text[used] = '\0';
        end = strstr(screen.text, mark);
    }
    *end = '\0';
    return screen;
}

// Every piece that "\r" and "clear to the end of the line" enclose.
static void check_lines(Screen *screen, size_t most) {
    ck_assert_ptr_null(strchr(screen->text, '\n'));
    for (char *line = strtok(screen->text, "\r"); line != NULL;
         line = strtok(NULL, "\r")) {
        char *end = strstr(line, "\033[K");
        ck_assert_msg(end != NULL && end[3] == '\0', "not cleared: %s", line);
        ck_assert_msg((size_t)(end - line) <= most, "too wide: %s", line);
    }
}

static void train_quietly(void) {
    train(true);
}

START_TEST(bar_shows_and_goes) {
    Screen screen = on_terminal(100, train_aloud);
    assert_says(screen.text, "\repoch 1/2 [=========>                  ] 1/3  "
                             "loss 1  ");
    assert_says(screen.text, "\repoch 2/2 [");
    assert_says(screen.text, "/s  0:00 left\033[K");
    // the last thing is an empty line
    const char *last = strrchr(screen.text, '\r');
    ck_assert_str_eq(last, "\r\033[K");
    check_lines(&screen, 79);
}
END_TEST

START_TEST(quiet_draws_nothing) {
    ck_assert_str_eq(on_terminal(100, train_quietly).text, "");
}
END_TEST

static void train_on_dumb_terminal(void) {
    setenv("TERM", "dumb", 1);
    train(false);
}

START_TEST(dumb_terminal_is_left_alone) {
    ck_assert_str_eq(on_terminal(100, train_on_dumb_terminal).text, "");
}
END_TEST

static void train_with_large_numbers(void) {
    Progress p;
    progress_init(&p, 10000, 1000000, false);
    for (int epoch = 9998; epoch <= 10000; epoch++) {
        progress_epoch(&p, epoch);
        progress_batch(&p, 1.2345e-30f);
        p.started -= 1e9;
        progress_epoch(&p, epoch); // so that it is drawn again
        progress_batch(&p, 1.2345e-30f);
    }
    progress_mean_loss(&p);
}

START_TEST(bar_gives_room_to_large_numbers) {
    Screen screen = on_terminal(200, train_with_large_numbers);
    assert_says(screen.text, "epoch 9998/10000 [");
    assert_says(screen.text, "  99:00:00 left\033[K");
    check_lines(&screen, 79);
}
END_TEST

// A run that continues with epoch 3 of 4: ten seconds for one, as long for the
// other.
static void train_on(void) {
    Progress p;
    progress_init(&p, 4, 1, false);
    progress_epoch(&p, 3);
    p.started -= 10;
    progress_batch(&p, 1.0f);
}

START_TEST(time_left_counts_from_where_a_run_goes_on) {
    assert_says(on_terminal(100, train_on).text, "  0:10 left\033[K");
}
END_TEST

START_TEST(bar_fits_a_narrow_terminal) {
    Screen screen = on_terminal(40, train_aloud);
    assert_says(screen.text, "epoch 1/2 [");
    check_lines(&screen, 39);
}
END_TEST

// 60 batches in 0.3 seconds or more: one bar at once, one more per 0.1 s.
static void train_for_a_while(void) {
    Progress p;
    progress_init(&p, 1, 60, false);
    progress_epoch(&p, 1);
    for (int batch = 0; batch < 60; batch++) {
        usleep(5000);
        progress_batch(&p, 1.0f);
    }
}

START_TEST(bar_is_redrawn_seldom) {
    double started = seconds_now();
    Screen screen = on_terminal(100, train_for_a_while);
    double passed = seconds_now() - started;
    int draws = 0;
    for (const char *s = screen.text; (s = strchr(s, '\r')) != NULL; s++)
        draws++;
    ck_assert_int_ge(draws, 2);
    ck_assert_int_le(draws, 1 + (int)(passed / 0.1));
}
END_TEST

// In a process of its own, but on the same terminal.
static void lose_on_terminal(void) {
    pid_t child = fork();
    if (child == 0)
        lose_to_nan();
    waitpid(child, NULL, 0);
}

START_TEST(error_takes_the_place_of_the_bar) {
    Screen screen = on_terminal(100, lose_on_terminal);
    assert_says(screen.text, "\repoch 2/3 [");
    assert_says(screen.text, "\r\033[Kerror: the loss");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {nothing_is_drawn_into_a_file},
        {mean_loss_is_that_of_the_epoch},
        {seconds_go_forward},
        {nan_loss_ends_the_program},
        {infinite_loss_ends_the_program},
        {bar_shows_and_goes},
        {quiet_draws_nothing},
        {dumb_terminal_is_left_alone},
        {bar_gives_room_to_large_numbers},
        {time_left_counts_from_where_a_run_goes_on},
        {bar_fits_a_narrow_terminal},
        {bar_is_redrawn_seldom},
        {error_takes_the_place_of_the_bar},
    };
    return run_tests("progress", tests, sizeof tests / sizeof *tests);
}
