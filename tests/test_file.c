// file.h: files that are replaced whole, and what is left alone.

#include "file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

static bool put(const char *path, const char *text, Error *err) {
    FileBytes file = {(uint8_t *)(uintptr_t)text, strlen(text)};
    return file_replace(path, &file, err);
}

static void check_put(const char *path, const char *text) {
    Error err;
    ck_assert_msg(put(path, text, &err), "%s", err.message);
    ck_assert_str_eq(text_of(path), text);
}

static int mode_of(const char *path) {
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    return (int)(info.st_mode & 0777);
}

START_TEST(writes_and_replaces) {
    check_put("x", "first");
    check_put("x", "2nd");
    check_put("x", "");
}
END_TEST

START_TEST(a_link_stays_a_link) {
    struct stat info;
    ck_assert_int_eq(mkdir("there", 0777), 0);
    check_put("there/real", "old");
    ck_assert_int_eq(symlink("there/real", "link"), 0);
    check_put("link", "new");
    ck_assert_str_eq(text_of("there/real"), "new");
    ck_assert(lstat("link", &info) == 0 && S_ISLNK(info.st_mode));
}
END_TEST

START_TEST(permissions_stay) {
    umask(022);
    check_put("x", "old");
    ck_assert_int_eq(mode_of("x"), 0644);
    ck_assert_int_eq(chmod("x", 0600), 0);
    check_put("x", "new");
    ck_assert_int_eq(mode_of("x"), 0600);
}
END_TEST

// Both say beforehand what file_replace would say, and leave the old file.
static void check_refused(const char *path, const char *says) {
    Error tried = {""}, wrote = {""};
    ck_assert(!file_can_replace(path, &tried));
    ck_assert(!put(path, "new", &wrote));
    ck_assert_str_eq(tried.message, wrote.message);
    assert_says(wrote.message, says);
}

START_TEST(some_places_are_refused) {
    check_refused("none/x", "choose a folder that exists");
    check_refused(".", "it is not a file");
    check_refused("/dev/null", "it is not a file");
    check_put("kept", "old");
    ck_assert_int_eq(chmod("kept", 0444), 0);
    check_refused("kept", "write-protected");
    ck_assert_str_eq(text_of("kept"), "old");
    char path[5000];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    check_refused(path, "the name is too long");
}
END_TEST

// To ask leaves nothing behind, and a link that waits under the temporary
// file's name leads nowhere.
START_TEST(the_temporary_file_is_new) {
    Error err;
    char temporary[64];
    snprintf(temporary, sizeof temporary, "x.tmp-%ld", (long)getpid());
    check_put("victim", "precious");
    ck_assert(file_can_replace("x", &err));
    ck_assert_int_ne(access("x", F_OK), 0);
    ck_assert_int_ne(access(temporary, F_OK), 0);
    ck_assert_int_eq(symlink("victim", temporary), 0);
    check_put("x", "new");
    ck_assert_str_eq(text_of("victim"), "precious");
    ck_assert_int_ne(access(temporary, F_OK), 0);
}
END_TEST

// What killed runs left is swept up; what a living one writes to is not.
START_TEST(orphans_are_removed) {
    char alive[64];
    snprintf(alive, sizeof alive, "x.tmp-%ld", (long)getppid());
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    char orphan[64];
    snprintf(orphan, sizeof orphan, "x.tmp-%ld", (long)dead);
    check_put("y", "also");
    fclose(fopen(alive, "w"));
    fclose(fopen(orphan, "w"));
    fclose(fopen("x.tmp-keep", "w"));
    check_put("x", "new");
    ck_assert_int_ne(access(orphan, F_OK), 0);
    ck_assert_int_eq(access(alive, F_OK), 0);
    ck_assert_int_eq(access("x.tmp-keep", F_OK), 0);
    ck_assert_int_eq(access("y", F_OK), 0);
}
END_TEST

START_TEST(a_file_has_many_names) {
    fclose(fopen("a", "w")), fclose(fopen("b", "w"));
    ck_assert_int_eq(symlink("a", "link") | link("a", "hard"), 0);
    ck_assert(file_is("a", "a") && file_is("a", "./a") && file_is("a", "link"));
    ck_assert(file_is("hard", "a") && file_is("none", "none"));
    ck_assert(!file_is("a", "b") && !file_is("a", "none"));
    ck_assert(!file_is(NULL, "a") && !file_is("a", NULL) &&
              !file_is(NULL, NULL));
}
END_TEST

int main(void) {
    const Test tests[] = {
        {writes_and_replaces},       {a_link_stays_a_link},
        {permissions_stay},          {some_places_are_refused},
        {the_temporary_file_is_new}, {orphans_are_removed},
        {a_file_has_many_names},
    };
    return run_tests("file", tests, sizeof tests / sizeof *tests);
}
