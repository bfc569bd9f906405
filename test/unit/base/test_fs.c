#include "check.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"

#define MAX 1000

static char dir[64];
static int top;

static int dir_begins(void **state)
{
    strcpy(dir, "/tmp/ja_test_fs.XXXXXX");
    if (pool_begins(state) != 0 || !mkdtemp(dir)) {
        return -1;
    }
    top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return top < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int dir_ends(void **state)
{
    close(top);
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0 || pool_ends(state) != 0 ? -1 : 0;
}

#define DIR_TEST(FN) cmocka_unit_test_setup_teardown(FN, dir_begins, dir_ends)

static ja_err_t *put(const char *name, const char *text)
{
    return ja_fs_write(top, name, text, strlen(text), 0600, JA_FS_LAZY, pool);
}

static ja_err_t *get(ja_bytes_t *content, const char *name)
{
    return ja_fs_read(content, top, name, geteuid(), MAX, pool, pool);
}

static void assert_content(const char *name, const char *text)
{
    ja_bytes_t content;

    WORKS(get(&content, name));
    assert_int_equal(content.len, strlen(text));
    assert_string_equal(content.bytes, text);
}

static struct stat stat_of(const char *name)
{
    struct stat info;

    assert_int_equal(fstatat(top, name, &info, AT_SYMLINK_NOFOLLOW), 0);
    return info;
}

static int exists(const char *name)
{
    return faccessat(top, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_descriptors(void)
{
    int count = 0;
    int fd;

    for (fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

/* ---- files ---- */

static void what_is_written_is_read(void **state)
{
    (void)state;
    WORKS(put("a", "hello"));
    assert_content("a", "hello");
    WORKS(put("empty", ""));
    assert_content("empty", "");
}

static void writing_replaces_the_whole_content(void **state)
{
    (void)state;
    WORKS(put("a", "a long text"));
    WORKS(ja_fs_write(top, "a", "short", 5, 0600, JA_FS_DURABLE, pool));
    assert_content("a", "short");
    assert_false(exists(".a.tmp"));
}

static void the_mode_is_as_given_whatever_the_umask(void **state)
{
    mode_t before = umask(077);

    (void)state;
    WORKS(ja_fs_write(top, "open", "x", 1, 0644, JA_FS_LAZY, pool));
    umask(0);
    WORKS(ja_fs_write(top, "closed", "x", 1, 0600, JA_FS_LAZY, pool));
    umask(before);
    assert_int_equal(stat_of("open").st_mode & 07777, 0644);
    assert_int_equal(stat_of("closed").st_mode & 07777, 0600);
}

static void what_a_killed_writer_left_is_no_obstacle(void **state)
{
    (void)state;
    WORKS(put("other", "untouched"));
    assert_int_equal(symlinkat("other", top, ".a.tmp"), 0);
    WORKS(put("a", "new"));
    assert_content("a", "new");
    assert_content("other", "untouched");
    assert_false(exists(".a.tmp"));
}

static void a_link_is_replaced_not_followed(void **state)
{
    (void)state;
    WORKS(put("other", "untouched"));
    assert_int_equal(symlinkat("other", top, "a"), 0);
    WORKS(put("a", "new"));
    assert_content("other", "untouched");
    assert_content("a", "new");
}

static void writing_that_fails_leaves_the_old(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(top, "a", 0700), 0);
    FAILS(put("a", "x"), JA_E_UNTRUSTED, "replacing a");
    assert_false(exists(".a.tmp"));
    assert_true(S_ISDIR(stat_of("a").st_mode));
}

static void nothing_but_our_own_regular_files_is_read(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    ja_bytes_t content;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    WORKS(put("file", "x"));
    FAILS(get(&content, "absent"), JA_E_NOT_FOUND, "opening absent");
    assert_int_equal(symlinkat("file", top, "link"), 0);
    FAILS(get(&content, "link"), JA_E_UNTRUSTED, "opening link");
    assert_int_equal(mkdirat(top, "dir", 0700), 0);
    FAILS(get(&content, "dir"), JA_E_UNTRUSTED, "dir is no regular file");
    assert_int_equal(mkfifoat(top, "fifo", 0600), 0);
    FAILS(get(&content, "fifo"), JA_E_UNTRUSTED, "fifo is no regular file");
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    FAILS(get(&content, "socket"), JA_E_UNTRUSTED, "opening socket");
    close(fd);
    assert_int_equal(linkat(top, "file", top, "second", 0), 0);
    FAILS(get(&content, "file"), JA_E_UNTRUSTED, "one link");
}

static void the_owner_has_to_be_right(void **state)
{
    ja_bytes_t content;
    uid_t other = geteuid() + 1;

    (void)state;
    WORKS(put("a", "x"));
    FAILS(ja_fs_read(&content, top, "a", other, MAX, pool, pool), JA_E_UNTRUSTED, "belongs to");
    WORKS(ja_fs_read(&content, top, "a", JA_FS_ANY_UID, MAX, pool, pool));
}

static void large_files_are_refused(void **state)
{
    ja_bytes_t content;

    (void)state;
    WORKS(put("a", "12345"));
    WORKS(ja_fs_read(&content, top, "a", geteuid(), 5, pool, pool));
    FAILS(ja_fs_read(&content, top, "a", geteuid(), 4, pool, pool), JA_E_TOO_LARGE, "5 bytes");
}

static void names_are_single_components(void **state)
{
    static const char *const NAMES[] = { "", ".", "..", "a/b", "/a", "../a", "a/" };
    ja_bytes_t content;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
        FAILS(get(&content, NAMES[i]), JA_E_INTERNAL, "is no name");
        FAILS(put(NAMES[i], "x"), JA_E_INTERNAL, "is no name");
        FAILS(ja_fs_remove(top, NAMES[i], pool), JA_E_INTERNAL, "is no name");
        FAILS(ja_fs_dir_remove(top, NAMES[i], 9, pool), JA_E_INTERNAL, "is no name");
        FAILS(ja_fs_lock(top, NAMES[i], pool, pool), JA_E_INTERNAL, "is no name");
    }
    FAILS(ja_fs_remove(AT_FDCWD, "a", pool), JA_E_INTERNAL, "is no name");
    FAILS(ja_fs_write(AT_FDCWD, "/tmp/a", "x", 1, 0600, JA_FS_LAZY, pool), JA_E_INTERNAL, "");
}

static void removing_is_done_when_nothing_is_there(void **state)
{
    (void)state;
    WORKS(put("a", "x"));
    WORKS(ja_fs_remove(top, "a", pool));
    assert_false(exists("a"));
    WORKS(ja_fs_remove(top, "a", pool));
}

/* ---- directories ---- */

static void directories_are_made_and_opened(void **state)
{
    int fd;

    (void)state;
    WORKS(ja_fs_dir_make(top, "sub", 0750, geteuid(), getegid(), pool));
    assert_int_equal(stat_of("sub").st_mode & 07777, 0750);
    WORKS(ja_fs_dir_open(&fd, top, "sub", geteuid(), pool, pool));
    WORKS(ja_fs_write(fd, "a", "x", 1, 0600, JA_FS_DURABLE, pool));
    assert_true(exists("sub/a"));
    WORKS(ja_fs_dir_sync(fd, pool));
}

static void making_again_sets_the_mode(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(top, "sub", 0700), 0);
    WORKS(ja_fs_dir_make(top, "sub", 0711, geteuid(), getegid(), pool));
    assert_int_equal(stat_of("sub").st_mode & 07777, 0711);
}

static void absolute_directories_work(void **state)
{
    const char *path = apr_pstrcat(pool, dir, "/store", NULL);
    int fd;

    (void)state;
    WORKS(ja_fs_dir_make(AT_FDCWD, path, 0755, geteuid(), getegid(), pool));
    WORKS(ja_fs_dir_open(&fd, AT_FDCWD, path, geteuid(), pool, pool));
    FAILS(ja_fs_dir_make(AT_FDCWD, apr_pstrcat(pool, dir, "/x/y", NULL), 0755, geteuid(), getegid(),
                         pool),
          JA_E_IO, "/x/y"); /* nothing was looked for: not JA_E_NOT_FOUND */
}

static void what_is_no_directory_is_refused(void **state)
{
    int fd;

    (void)state;
    WORKS(put("file", "x"));
    assert_int_equal(mkdirat(top, "real", 0700), 0);
    assert_int_equal(symlinkat("real", top, "link"), 0);
    FAILS(ja_fs_dir_open(&fd, top, "absent", geteuid(), pool, pool), JA_E_NOT_FOUND, "absent");
    FAILS(ja_fs_dir_open(&fd, top, "file", geteuid(), pool, pool), JA_E_UNTRUSTED, "file");
    FAILS(ja_fs_dir_open(&fd, top, "link", geteuid(), pool, pool), JA_E_UNTRUSTED, "link");
    FAILS(ja_fs_dir_open(&fd, top, "real", geteuid() + 1, pool, pool), JA_E_UNTRUSTED, "real");
    FAILS(ja_fs_dir_make(top, "file", 0700, geteuid(), getegid(), pool), JA_E_UNTRUSTED, "file");
    FAILS(ja_fs_dir_make(top, "link", 0700, geteuid(), getegid(), pool), JA_E_UNTRUSTED, "link");
}

static void listing_leaves_out_dots_and_has_a_limit(void **state)
{
    apr_array_header_t *names;

    (void)state;
    WORKS(ja_fs_list(&names, top, 0, pool, pool));
    assert_int_equal(names->nelts, 0);
    WORKS(put("a", "x"));
    WORKS(put("b", "x"));
    WORKS(put(".hidden", "x"));
    WORKS(ja_fs_list(&names, top, 2, pool, pool));
    assert_int_equal(names->nelts, 2);
    WORKS(ja_fs_list(&names, top, 2, pool, pool)); /* the position is not moved */
    assert_int_equal(names->nelts, 2);
    FAILS(ja_fs_list(&names, top, 1, pool, pool), JA_E_TOO_LARGE, "more than 1");
}

static void a_directory_is_removed_with_its_files(void **state)
{
    int fd;

    (void)state;
    WORKS(put("outside", "untouched"));
    WORKS(ja_fs_dir_make(top, "sub", 0700, geteuid(), getegid(), pool));
    WORKS(ja_fs_dir_open(&fd, top, "sub", geteuid(), pool, pool));
    WORKS(ja_fs_write(fd, "a", "x", 1, 0600, JA_FS_LAZY, pool));
    WORKS(ja_fs_write(fd, ".b.tmp", "x", 1, 0600, JA_FS_LAZY, pool));
    assert_int_equal(symlinkat("../outside", fd, "link"), 0);
    FAILS(ja_fs_dir_remove(top, "sub", 2, pool), JA_E_TOO_LARGE, "more than 2");
    WORKS(ja_fs_dir_remove(top, "sub", 3, pool));
    assert_false(exists("sub"));
    assert_content("outside", "untouched");
    WORKS(ja_fs_dir_remove(top, "sub", 3, pool));
}

static void whatever_has_the_name_is_removed_and_no_link_followed(void **state)
{
    (void)state;
    WORKS(put("file", "x"));
    assert_int_equal(mkdirat(top, "real", 0700), 0);
    assert_int_equal(mkdirat(top, "real/sub", 0700), 0);
    assert_int_equal(symlinkat("real", top, "link"), 0);
    assert_int_equal(symlinkat("../..", top, "real/sub/up"), 0);
    WORKS(ja_fs_dir_remove(top, "file", 9, pool));
    WORKS(ja_fs_dir_remove(top, "link", 9, pool));
    assert_true(exists("real/sub"));
    WORKS(ja_fs_dir_remove(top, "real", 9, pool));
    assert_false(exists("real"));
}

static void what_is_nested_too_deeply_stays(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(top, "1", 0700), 0);
    assert_int_equal(mkdirat(top, "1/2", 0700), 0);
    assert_int_equal(mkdirat(top, "1/2/3", 0700), 0);
    assert_int_equal(mkdirat(top, "1/2/3/4", 0700), 0);
    assert_int_equal(mkdirat(top, "1/2/3/4/5", 0700), 0);
    FAILS(ja_fs_dir_remove(top, "1", 9, pool), JA_E_TOO_LARGE, "5");
    assert_true(exists("1/2/3/4/5"));
}

/* ---- locks and descriptors ---- */

/* What another process gets when it tries to lock "lock": an error code, or -1 for none. */
static int lock_elsewhere(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        ja_err_t *err = ja_fs_lock(top, "lock", pool, pool);

        _exit(err ? (int)err->code : 255);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static void a_lock_keeps_other_processes_out_until_the_pool_goes(void **state)
{
    apr_pool_t *holder;

    (void)state;
    apr_pool_create(&holder, pool);
    WORKS(ja_fs_lock(top, "lock", holder, pool));
    assert_int_equal(stat_of("lock").st_mode & 07777, 0600);
    assert_int_equal(lock_elsewhere(), JA_E_BUSY);
    apr_pool_destroy(holder);
    assert_int_equal(lock_elsewhere(), -1);
}

static void a_lock_is_a_regular_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifoat(top, "fifo", 0600), 0);
    assert_int_equal(symlinkat("target", top, "link"), 0);
    FAILS(ja_fs_lock(top, "fifo", pool, pool), JA_E_UNTRUSTED, "fifo");
    FAILS(ja_fs_lock(top, "link", pool, pool), JA_E_UNTRUSTED, "link");
    assert_false(exists("target"));
}

static void no_descriptor_stays_open(void **state)
{
    int before = open_descriptors();
    apr_array_header_t *names;
    apr_pool_t *holder;
    ja_bytes_t content;
    int fd;

    (void)state;
    WORKS(ja_fs_dir_make(top, "sub", 0700, geteuid(), getegid(), pool));
    WORKS(put("a", "x"));
    WORKS(get(&content, "a"));
    WORKS(ja_fs_list(&names, top, 9, pool, pool));
    assert_non_null(ja_fs_read(&content, top, "a", geteuid() + 1, MAX, pool, pool));
    assert_non_null(ja_fs_dir_open(&fd, top, "sub", geteuid() + 1, pool, pool));
    assert_int_equal(open_descriptors(), before);
    apr_pool_create(&holder, pool);
    WORKS(ja_fs_dir_open(&fd, top, "sub", geteuid(), holder, pool));
    WORKS(ja_fs_lock(top, "lock", holder, pool));
    assert_int_equal(open_descriptors(), before + 2);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    apr_pool_destroy(holder);
    WORKS(ja_fs_dir_remove(top, "sub", 9, pool));
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIR_TEST(what_is_written_is_read),
        DIR_TEST(writing_replaces_the_whole_content),
        DIR_TEST(the_mode_is_as_given_whatever_the_umask),
        DIR_TEST(what_a_killed_writer_left_is_no_obstacle),
        DIR_TEST(a_link_is_replaced_not_followed),
        DIR_TEST(writing_that_fails_leaves_the_old),
        DIR_TEST(nothing_but_our_own_regular_files_is_read),
        DIR_TEST(the_owner_has_to_be_right),
        DIR_TEST(large_files_are_refused),
        DIR_TEST(names_are_single_components),
        DIR_TEST(removing_is_done_when_nothing_is_there),
        DIR_TEST(directories_are_made_and_opened),
        DIR_TEST(making_again_sets_the_mode),
        DIR_TEST(absolute_directories_work),
        DIR_TEST(what_is_no_directory_is_refused),
        DIR_TEST(listing_leaves_out_dots_and_has_a_limit),
        DIR_TEST(a_directory_is_removed_with_its_files),
        DIR_TEST(whatever_has_the_name_is_removed_and_no_link_followed),
        DIR_TEST(what_is_nested_too_deeply_stays),
        DIR_TEST(a_lock_keeps_other_processes_out_until_the_pool_goes),
        DIR_TEST(a_lock_is_a_regular_file),
        DIR_TEST(no_descriptor_stays_open),
    };

    return RUN_TESTS(tests);
}
