#include "../base/check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/clock.h"
#include "solve/http01.h"

#define NOW        apr_time_from_sec(1893456000)
#define LATER      (NOW + apr_time_from_sec(3600))
#define WINDOW     64
#define THUMBPRINT "0123456789012345678901234567890123456789012"

/* How a slot looks in memory: a sequence number, then the entry. For the tests that damage one. */
#define SLOT_BYTES (sizeof(apr_uint64_t) * 27)

static ja_http01_table_t *table;
static apr_time_t now;
static char answer[JA_HTTP01_MAX_ANSWER];

static apr_time_t test_clock(void *baton)
{
    (void)baton;
    return now;
}

static int table_begins(void **state)
{
    now = NOW;
    ja_clock_use(test_clock, NULL);
    table = calloc(1, ja_http01_table_bytes());
    return table ? pool_begins(state) : -1;
}

static int table_ends(void **state)
{
    free(table);
    ja_clock_use(NULL, NULL);
    return pool_ends(state);
}

#define TABLE_TEST(FN) cmocka_unit_test_setup_teardown(FN, table_begins, table_ends)

static ja_err_t *put_until(const char *token, apr_time_t expires_at)
{
    const ja_solve_t what = { "a.jp", token, THUMBPRINT, expires_at };

    return ja_http01_put(table, &what, pool);
}

static ja_err_t *put(const char *token)
{
    return put_until(token, LATER);
}

static int find_bytes(const char *token, apr_size_t len)
{
    return ja_http01_find(answer, table, token, len, now);
}

static int find(const char *token)
{
    return find_bytes(token, strlen(token));
}

static void nothing_is_in_an_empty_table(void **state)
{
    (void)state;
    assert_false(find("token"));
    assert_false(find(""));
    ja_http01_remove(table, "token");
    ja_http01_clear(table);
    assert_false(find("token"));
}

static void a_pending_token_is_answered(void **state)
{
    (void)state;
    WORKS(put("token-1"));
    WORKS(put("token-2"));
    assert_true(find("token-1"));
    assert_string_equal(answer, "token-1." THUMBPRINT);
    assert_true(find("token-2"));
    assert_string_equal(answer, "token-2." THUMBPRINT);
    assert_false(find("token-3"));
    assert_false(find("token"));
    assert_false(find("token-11"));
    assert_false(find("TOKEN-1"));
}

static void a_removed_token_is_not(void **state)
{
    (void)state;
    WORKS(put("token-1"));
    WORKS(put("token-2"));
    ja_http01_remove(table, "token-1");
    ja_http01_remove(table, "token-1");
    assert_false(find("token-1"));
    assert_true(find("token-2"));
    ja_http01_clear(table);
    assert_false(find("token-2"));
}

static void putting_twice_is_putting_anew(void **state)
{
    const ja_solve_t other = { "a.jp", "token", "other-thumbprint", LATER };

    (void)state;
    WORKS(put("token"));
    WORKS(ja_http01_put(table, &other, pool));
    assert_true(find("token"));
    assert_string_equal(answer, "token.other-thumbprint");
    ja_http01_remove(table, "token");
    assert_false(find("token"));
}

static void an_expired_one_is_not_answered(void **state)
{
    (void)state;
    WORKS(put_until("token", NOW + 10));
    now = NOW + 9;
    assert_true(find("token"));
    now = NOW + 10;
    assert_false(find("token"));
    WORKS(put_until("token", NOW + 20));
    assert_true(find("token"));
}

static void any_bytes_may_be_asked_for(void **state)
{
    char *large = apr_pcalloc(pool, 10240);
    int i;

    (void)state;
    WORKS(put("token"));
    assert_false(find_bytes("token\0", 6));
    assert_false(find_bytes("token\0x", 7));
    assert_false(find_bytes("\0", 1));
    assert_false(find_bytes("\0\0\0\0\0", 5));
    assert_false(find("\xe3\x83\x88\xe3\x83\xbc\xe3\x82\xaf"));
    assert_false(find("\xff\xfe"));
    assert_false(find("%00"));
    assert_false(find_bytes("token", 0));
    assert_true(find_bytes("token and more", 5));
    for (i = 0; i < 10240; i += 127) {
        assert_false(find_bytes(large, (apr_size_t)i));
    }
    memset(large, 'a', 10240);
    assert_false(find_bytes(large, 128));
    assert_false(find_bytes(large, 129));
    assert_false(find_bytes(large, 10240));
}

static void the_longest_token_fits(void **state)
{
    ja_solve_t what = { "a.jp", repeated('t', 128), repeated('h', 63), LATER };

    (void)state;
    WORKS(ja_http01_put(table, &what, pool));
    assert_true(find(what.token));
    assert_int_equal(strlen(answer), 128 + 1 + 63);
    what.token = repeated('t', 129);
    FAILS(ja_http01_put(table, &what, pool), JA_E_INTERNAL, "129");
    what.token = "";
    FAILS(ja_http01_put(table, &what, pool), JA_E_INTERNAL, "");
    what.token = "token";
    what.thumbprint = repeated('h', 64);
    FAILS(ja_http01_put(table, &what, pool), JA_E_INTERNAL, "");
}

static const char *numbered(int i)
{
    return apr_psprintf(pool, "token-%d", i);
}

/* More than half of the table: far apart or not, all are found. */
static void thousands_are_found(void **state)
{
    const int count = JA_HTTP01_MAX_PENDING / 2;
    int i;

    (void)state;
    for (i = 0; i < count; i++) {
        WORKS(put(numbered(i)));
    }
    for (i = 0; i < count; i++) {
        assert_true(find(numbered(i)));
    }
    for (i = 0; i < count; i += 2) {
        ja_http01_remove(table, numbered(i));
    }
    for (i = 0; i < count; i++) {
        assert_int_equal(find(numbered(i)), i % 2);
    }
}

/* As many as are taken. */
static int fill(apr_time_t expires_at)
{
    ja_err_t *err = NULL;
    int i;

    for (i = 0; i <= JA_HTTP01_MAX_PENDING && !err; i++) {
        err = put_until(numbered(i), expires_at);
    }
    assert_non_null(err);
    assert_int_equal(err->code, JA_E_FULL);
    return i - 1;
}

static void a_full_table_says_so_and_keeps_what_it_has(void **state)
{
    int count = fill(LATER);
    int i;

    (void)state;
    assert_true(count > JA_HTTP01_MAX_PENDING / 2);
    for (i = 0; i < count; i++) {
        assert_true(find(numbered(i)));
    }
    assert_false(find(numbered(count)));
    for (i = 0; i < count; i++) {
        ja_http01_remove(table, numbered(i));
    }
    WORKS(put(numbered(count)));
    assert_true(find(numbered(count)));
}

static void expired_ones_make_room(void **state)
{
    int count = fill(NOW + 10);

    (void)state;
    now = NOW + 10;
    WORKS(put(numbered(count)));
    assert_true(find(numbered(count)));
}

/* The slot that has `token`, from the layout that the file documents. */
static char *slot_with(const char *token)
{
    char *bytes = (char *)table + sizeof(apr_uint64_t);
    int i;

    assert_int_equal(ja_http01_table_bytes(),
                     sizeof(apr_uint64_t) + SLOT_BYTES * JA_HTTP01_MAX_PENDING);
    for (i = 0; i < JA_HTTP01_MAX_PENDING; i++, bytes += SLOT_BYTES) {
        if (memcmp(bytes + 2 * sizeof(apr_uint64_t), token, strlen(token) + 1) == 0) {
            return bytes;
        }
    }
    fail_msg("no slot has %s", token);
    return NULL;
}

/* As a writer leaves it that is killed in the middle of writing. */
static void tear(char *slot)
{
    apr_uint64_t sequence;

    memcpy(&sequence, slot, sizeof(sequence));
    sequence |= 1;
    memcpy(slot, &sequence, sizeof(sequence));
    memset(slot + sizeof(apr_uint64_t) + 20, 'x', 40);
}

static void a_torn_slot_is_not_read_and_is_used_again(void **state)
{
    char *slot;

    (void)state;
    WORKS(put("token"));
    slot = slot_with("token");
    tear(slot);
    assert_false(find("token"));
    ja_http01_remove(table, "token");
    assert_false(find("token"));
    WORKS(put("token"));
    assert_ptr_equal(slot_with("token"), slot);
    assert_true(find("token"));
    ja_http01_remove(table, "token");
    assert_false(find("token"));
}

static void clearing_mends_torn_slots(void **state)
{
    (void)state;
    WORKS(put("token"));
    WORKS(put("token-2"));
    tear(slot_with("token"));
    ja_http01_clear(table);
    assert_false(find("token-2"));
    WORKS(put("token"));
    assert_true(find("token"));
}

/* The memory belongs to processes of the web server's user: nothing in it may lead a reader
 * outside. */
static void any_content_of_the_memory_is_survived(void **state)
{
    unsigned char *bytes = (unsigned char *)table;
    apr_size_t i;
    int fill_byte;

    (void)state;
    for (fill_byte = 0; fill_byte < 256; fill_byte += 51) {
        memset(table, fill_byte, ja_http01_table_bytes());
        find("token");
        assert_true(strlen(answer) < sizeof(answer));
    }
    for (i = 0; i < ja_http01_table_bytes(); i++) {
        bytes[i] = (unsigned char)(i * 2654435761u >> 24);
    }
    find("token");
    ja_http01_clear(table);
    assert_false(find("token"));
}

/* ---- readers beside a writer ----------------------------------------------------------------- */

#define ROUNDS  20000
#define TOKENS  8
#define READERS 3

static int is_writing;

/* Each token goes with its own thumbprint, of one letter: a mixed entry would be seen. */
static void *APR_THREAD_FUNC write_again_and_again(apr_thread_t *thread, void *baton)
{
    static const char LETTERS[] = "abcdefgh";
    char token[41];
    char thumbprint[44];
    const ja_solve_t what = { "a.jp", token, thumbprint, LATER };
    int i;

    (void)thread;
    (void)baton;
    for (i = 0; i < ROUNDS; i++) {
        memset(token, LETTERS[i % TOKENS], 40);
        memset(thumbprint, LETTERS[i % TOKENS], 43);
        token[40] = thumbprint[43] = '\0';
        if (ja_http01_put(table, &what, pool)) {
            break;
        }
        if (i % 3 == 0) {
            ja_http01_remove(table, token);
        }
    }
    __atomic_store_n(&is_writing, 0, __ATOMIC_RELEASE);
    return NULL;
}

static void *APR_THREAD_FUNC read_again_and_again(apr_thread_t *thread, void *baton)
{
    int *mixed = baton;
    char own[JA_HTTP01_MAX_ANSWER];
    char token[40];
    int i;

    (void)thread;
    for (i = 0; i < 1000 || __atomic_load_n(&is_writing, __ATOMIC_ACQUIRE); i++) {
        const char letter[2] = { "abcdefgh"[i % TOKENS], '\0' };

        memset(token, letter[0], sizeof(token));
        if (ja_http01_find(own, table, token, sizeof(token), NOW)) {
            *mixed += strlen(own) != 84 || own[40] != '.' || strspn(own, letter) != 40
                      || strspn(own + 41, letter) != 43;
        }
    }
    return NULL;
}

static void readers_never_see_a_mixed_entry(void **state)
{
    apr_thread_t *readers[READERS];
    apr_thread_t *writer;
    int mixed[READERS] = { 0 };
    apr_status_t rv;
    int i;

    (void)state;
    is_writing = 1;
    for (i = 0; i < READERS; i++) {
        assert_int_equal(
            apr_thread_create(&readers[i], NULL, read_again_and_again, &mixed[i], pool),
            APR_SUCCESS);
    }
    assert_int_equal(apr_thread_create(&writer, NULL, write_again_and_again, NULL, pool),
                     APR_SUCCESS);
    apr_thread_join(&rv, writer);
    for (i = 0; i < READERS; i++) {
        apr_thread_join(&rv, readers[i]);
        assert_int_equal(mixed[i], 0);
    }
}

static void processes_share_a_table(void **state)
{
    ja_http01_table_t *own = table;
    apr_size_t bytes = ja_http01_table_bytes();
    int status;
    pid_t pid;

    (void)state;
    table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(table, MAP_FAILED);
    pid = fork();
    if (pid == 0) {
        _exit(put("token") != NULL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(find("token"));
    ja_http01_remove(table, "token");
    assert_false(find("token"));
    munmap(table, bytes);
    table = own;
}

/* ---- as a solver ----------------------------------------------------------------------------- */

static void the_solver_writes_the_table(void **state)
{
    ja_solver_t *solver = ja_http01_solver(table, pool);
    const ja_solve_t what = { "a.jp", "token", THUMBPRINT, LATER };

    (void)state;
    assert_string_equal(solver->type, "http-01");
    WORKS(solver->present(solver, &what, pool));
    WORKS(solver->present(solver, &what, pool));
    assert_true(find("token"));
    solver->withdraw(solver, &what);
    assert_false(find("token"));
    solver->withdraw(solver, &what);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(nothing_is_in_an_empty_table),
        TABLE_TEST(a_pending_token_is_answered),
        TABLE_TEST(a_removed_token_is_not),
        TABLE_TEST(putting_twice_is_putting_anew),
        TABLE_TEST(an_expired_one_is_not_answered),
        TABLE_TEST(any_bytes_may_be_asked_for),
        TABLE_TEST(the_longest_token_fits),
        TABLE_TEST(thousands_are_found),
        TABLE_TEST(a_full_table_says_so_and_keeps_what_it_has),
        TABLE_TEST(expired_ones_make_room),
        TABLE_TEST(a_torn_slot_is_not_read_and_is_used_again),
        TABLE_TEST(clearing_mends_torn_slots),
        TABLE_TEST(any_content_of_the_memory_is_survived),
        TABLE_TEST(readers_never_see_a_mixed_entry),
        TABLE_TEST(processes_share_a_table),
        TABLE_TEST(the_solver_writes_the_table),
    };

    return RUN_TESTS(tests);
}
