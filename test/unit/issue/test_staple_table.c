#include "../base/check.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "issue/staple_table.h"

#define NOW        apr_time_from_sec(1893456000)
#define LATER      (NOW + apr_time_from_sec(3600))
#define DOMAINS    3
#define PER_DOMAIN 2

static ja_staple_table_t table;
static char got[JA_STAPLE_MAX];
static apr_size_t got_len;

static int table_begins(void **state)
{
    void *memory = calloc(1, ja_staple_table_bytes(DOMAINS, PER_DOMAIN));

    ja_staple_table_init(&table, memory, DOMAINS, PER_DOMAIN);
    return memory ? pool_begins(state) : -1;
}

static int table_ends(void **state)
{
    free(table.memory);
    return pool_ends(state);
}
#define TABLE_TEST(FN) cmocka_unit_test_setup_teardown(FN, table_begins, table_ends)

/* The digest of certificate number `n`. */
static const unsigned char *digest_of(int n)
{
    unsigned char *digest = apr_pcalloc(pool, JA_STAPLE_DIGEST);

    memset(digest, 0xa0, JA_STAPLE_DIGEST);
    digest[JA_STAPLE_DIGEST - 1] = (unsigned char)n;
    return digest;
}

static const char *hex_of(int n)
{
    return apr_pescape_hex(pool, digest_of(n), JA_STAPLE_DIGEST, 0);
}

static ja_err_t *put_until(int domain, int n, const char *response, apr_time_t until)
{
    return ja_staple_table_put(&table, domain, hex_of(n), response, strlen(response), until, pool);
}

static ja_err_t *put(int domain, int n, const char *response)
{
    return put_until(domain, n, response, LATER);
}

/* Of certificate number `n` only, or of none. */
static void keep(int domain, int n)
{
    apr_array_header_t *digests = apr_array_make(pool, 2, sizeof(const char *));

    if (n > 0) {
        APR_ARRAY_PUSH(digests, const char *) = hex_of(n);
    }
    APR_ARRAY_PUSH(digests, const char *) = "no digest";
    ja_staple_table_keep(&table, domain, digests);
}

static int get(int domain, int n)
{
    return ja_staple_table_get(got, &got_len, &table, domain, digest_of(n), NOW);
}

static void is_got(int domain, int n, const char *response)
{
    assert_true(get(domain, n));
    assert_int_equal(got_len, strlen(response));
    assert_memory_equal(got, response, got_len);
}

static void an_empty_table_has_nothing(void **state)
{
    static const unsigned char ZERO[JA_STAPLE_DIGEST];

    (void)state;
    assert_false(get(0, 1));
    assert_false(ja_staple_table_get(got, &got_len, &table, 0, ZERO, NOW));
    keep(0, 1);
    assert_false(get(0, 1));
}

static void what_is_put_is_got(void **state)
{
    (void)state;
    WORKS(put(0, 1, "one"));
    WORKS(put(0, 2, "two, longer"));
    WORKS(put(2, 3, "three"));
    is_got(0, 1, "one");
    is_got(0, 2, "two, longer");
    is_got(2, 3, "three");
    assert_false(get(0, 3));
    assert_false(get(1, 1));
}

static void only_what_is_wanted_keeps_its_place(void **state)
{
    (void)state;
    WORKS(put_until(0, 1, "one", LATER + 1));
    WORKS(put_until(0, 2, "two", LATER));
    WORKS(put(1, 1, "of another domain"));
    keep(0, 2);
    assert_false(get(0, 1));
    WORKS(put(0, 3, "three"));
    is_got(0, 2, "two");
    is_got(0, 3, "three");
    keep(0, 0);
    assert_false(get(0, 2));
    is_got(1, 1, "of another domain");
}

static void a_newer_one_takes_its_place(void **state)
{
    (void)state;
    WORKS(put(1, 1, "a long response"));
    WORKS(put(1, 2, "of another"));
    WORKS(put(1, 1, "short"));
    is_got(1, 1, "short");
    is_got(1, 2, "of another");
}

static void without_room_the_first_to_end_goes(void **state)
{
    (void)state;
    WORKS(put_until(0, 1, "one", LATER + 1));
    WORKS(put_until(0, 2, "two", LATER));
    WORKS(put_until(0, 3, "three", LATER));
    assert_false(get(0, 2));
    is_got(0, 1, "one");
    is_got(0, 3, "three");
}

static void what_has_ended_is_not_given_out(void **state)
{
    (void)state;
    WORKS(put_until(0, 1, "one", NOW));
    assert_false(get(0, 1));
    WORKS(put_until(0, 1, "one", NOW + 1));
    is_got(0, 1, "one");
}

static void the_largest_fits(void **state)
{
    char *large = apr_palloc(pool, JA_STAPLE_MAX + 1);

    (void)state;
    memset(large, 'L', JA_STAPLE_MAX + 1);
    WORKS(ja_staple_table_put(&table, DOMAINS - 1, hex_of(1), large, JA_STAPLE_MAX, LATER, pool));
    WORKS(ja_staple_table_put(&table, DOMAINS - 1, hex_of(2), large, JA_STAPLE_MAX, LATER, pool));
    assert_true(get(DOMAINS - 1, 2));
    assert_int_equal(got_len, JA_STAPLE_MAX);
    assert_memory_equal(got, large, JA_STAPLE_MAX);
    FAILS(ja_staple_table_put(&table, 0, hex_of(1), large, JA_STAPLE_MAX + 1, LATER, pool),
          JA_E_TOO_LARGE, "8001");
    assert_false(get(0, 1));
}

static void places_and_digests_are_checked(void **state)
{
    char *hex;

    (void)state;
    FAILS(put(DOMAINS, 1, "x"), JA_E_INTERNAL, "place 3 of 3");
    FAILS(put(-1, 1, "x"), JA_E_INTERNAL, "place -1");
    assert_false(get(DOMAINS, 1));
    assert_false(get(-1, 1));
    keep(DOMAINS, 1);
    keep(-1, 1);
    FAILS(ja_staple_table_put(&table, 0, "abc", "x", 1, LATER, pool), JA_E_INTERNAL, "abc");
    hex = apr_pstrdup(pool, hex_of(1));
    hex[63] = 'x';
    FAILS(ja_staple_table_put(&table, 0, hex, "x", 1, LATER, pool), JA_E_INTERNAL, "x\"");
}

/* ---- damaged memory -------------------------------------------------------------------------- */

/* How a slot looks: a sequence number, end, length, digest, response. */
static apr_uint64_t *slot_at(int number)
{
    return (apr_uint64_t *)table.memory
           + (apr_size_t)number * (ja_staple_table_bytes(1, 1) / sizeof(apr_uint64_t));
}

static void a_torn_slot_is_not_read_and_is_used_again(void **state)
{
    (void)state;
    WORKS(put(0, 1, "one"));
    WORKS(put(0, 2, "two"));
    slot_at(0)[0] |= 1;
    assert_false(get(0, 1));
    is_got(0, 2, "two");
    WORKS(put(0, 1, "again"));
    is_got(0, 1, "again");
    is_got(0, 2, "two");
}

static void impossible_lengths_are_not_believed(void **state)
{
    static const apr_uint64_t LENGTHS[] = { 0, JA_STAPLE_MAX + 1, ~(apr_uint64_t)0 };
    unsigned i;

    (void)state;
    WORKS(put(DOMAINS - 1, 1, "one"));
    WORKS(put(DOMAINS - 1, 2, "two"));
    for (i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        slot_at(DOMAINS * PER_DOMAIN - 1)[2] = LENGTHS[i];
        assert_false(get(DOMAINS - 1, 2));
        is_got(DOMAINS - 1, 1, "one");
    }
}

static void any_content_of_the_memory_is_survived(void **state)
{
    int fill, n;

    (void)state;
    for (fill = 0; fill < 256; fill++) {
        unsigned char digest[JA_STAPLE_DIGEST];

        memset(table.memory, fill, ja_staple_table_bytes(DOMAINS, PER_DOMAIN));
        memset(digest, fill, sizeof(digest));
        for (n = 0; n < DOMAINS; n++) {
            assert_false(ja_staple_table_get(got, &got_len, &table, n, digest, NOW));
        }
        WORKS(put(DOMAINS - 1, 1, "one"));
        is_got(DOMAINS - 1, 1, "one");
        keep(DOMAINS - 1, 0);
        assert_false(get(DOMAINS - 1, 1));
    }
}

/* ---- readers beside a writer ----------------------------------------------------------------- */

#define ROUNDS  20000
#define READERS 2

static int is_writing;

/* Each response is of one letter, as long as the letter says. */
static void *APR_THREAD_FUNC write_again_and_again(apr_thread_t *thread, void *baton)
{
    const char *hex = baton;
    char response[1000];
    int i;

    (void)thread;
    for (i = 0; i < ROUNDS; i++) {
        char letter = (char)('a' + i % 8);

        memset(response, letter, sizeof(response));
        if (ja_staple_table_put(&table, 1, hex, response, (apr_size_t)letter * 8, LATER, pool)) {
            break;
        }
    }
    __atomic_store_n(&is_writing, 0, __ATOMIC_RELEASE);
    return NULL;
}

typedef struct {
    const unsigned char *digest;
    int mixed;
} reader_t;

static void *APR_THREAD_FUNC read_again_and_again(apr_thread_t *thread, void *baton)
{
    reader_t *reader = baton;
    char own[JA_STAPLE_MAX];
    apr_size_t len, i;

    (void)thread;
    while (__atomic_load_n(&is_writing, __ATOMIC_ACQUIRE)) {
        if (ja_staple_table_get(own, &len, &table, 1, reader->digest, NOW)) {
            reader->mixed += len != (apr_size_t)own[0] * 8;
            for (i = 1; i < len; i++) {
                reader->mixed += own[i] != own[0];
            }
        }
    }
    return NULL;
}

static void readers_never_see_a_mixture(void **state)
{
    apr_thread_t *threads[READERS], *writer;
    reader_t readers[READERS];
    char *hex = (char *)hex_of(1);
    apr_status_t rv;
    int i;

    (void)state;
    is_writing = 1;
    for (i = 0; i < READERS; i++) {
        readers[i].digest = digest_of(1);
        readers[i].mixed = 0;
        assert_int_equal(
            apr_thread_create(&threads[i], NULL, read_again_and_again, &readers[i], pool),
            APR_SUCCESS);
    }
    assert_int_equal(apr_thread_create(&writer, NULL, write_again_and_again, hex, pool),
                     APR_SUCCESS);
    apr_thread_join(&rv, writer);
    for (i = 0; i < READERS; i++) {
        apr_thread_join(&rv, threads[i]);
        assert_int_equal(readers[i].mixed, 0);
    }
}

static void processes_share_a_table(void **state)
{
    apr_size_t bytes = ja_staple_table_bytes(DOMAINS, PER_DOMAIN);
    void *own = table.memory;
    int status;
    pid_t pid;

    (void)state;
    table.memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(table.memory, MAP_FAILED);
    pid = fork();
    if (pid == 0) {
        _exit(put(1, 1, "one") != NULL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    is_got(1, 1, "one");
    munmap(table.memory, bytes);
    table.memory = own;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(an_empty_table_has_nothing),
        TABLE_TEST(what_is_put_is_got),
        TABLE_TEST(only_what_is_wanted_keeps_its_place),
        TABLE_TEST(a_newer_one_takes_its_place),
        TABLE_TEST(without_room_the_first_to_end_goes),
        TABLE_TEST(what_has_ended_is_not_given_out),
        TABLE_TEST(the_largest_fits),
        TABLE_TEST(places_and_digests_are_checked),
        TABLE_TEST(a_torn_slot_is_not_read_and_is_used_again),
        TABLE_TEST(impossible_lengths_are_not_believed),
        TABLE_TEST(any_content_of_the_memory_is_survived),
        TABLE_TEST(readers_never_see_a_mixture),
        TABLE_TEST(processes_share_a_table),
    };

    return RUN_TESTS(tests);
}
