#include "../base/check.h"

#include <stdlib.h>

#include "issue/handover.h"

#define DOMAINS 3

static void *memory;
static ja_handover_t *handover;

static int begins(void **state)
{
    memory = calloc(1, ja_handover_bytes(DOMAINS));
    if (!memory || pool_begins(state) != 0) {
        return -1;
    }
    handover = ja_handover_make(memory, DOMAINS, pool);
    return 0;
}

static int ends(void **state)
{
    free(memory);
    return pool_ends(state);
}

#define HANDOVER_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, ends)

static void nothing_is_said_at_first(void **state)
{
    (void)state;
    assert_false(ja_handover_has_rung(handover));
    assert_int_equal(ja_handover_word(handover, 0), JA_HANDOVER_NOTHING);
    assert_int_equal(ja_handover_edition(handover, 0), 0);
}

static void an_offer_rings_once_and_is_answered(void **state)
{
    (void)state;
    ja_handover_offer(handover, 1);
    ja_handover_offer(handover, 2);
    assert_true(ja_handover_has_rung(handover));
    assert_false(ja_handover_has_rung(handover));
    assert_int_equal(ja_handover_word(handover, 0), JA_HANDOVER_NOTHING);
    assert_int_equal(ja_handover_word(handover, 1), JA_HANDOVER_READY);
    ja_handover_answer(handover, 1, JA_HANDOVER_TAKEN);
    assert_int_equal(ja_handover_word(handover, 1), JA_HANDOVER_TAKEN);
    ja_handover_settle(handover, 1);
    assert_int_equal(ja_handover_word(handover, 1), JA_HANDOVER_NOTHING);
    assert_int_equal(ja_handover_word(handover, 2), JA_HANDOVER_READY);
}

static void reads(int i, const char *text)
{
    ja_bytes_t bytes;

    WORKS(ja_handover_read(&bytes, handover, ja_handover_edition(handover, i), pool));
    assert_int_equal(bytes.len, strlen(text));
    assert_memory_equal(bytes.bytes, text, bytes.len);
}

static void records_are_read_as_published(void **state)
{
    apr_uint64_t first;
    ja_bytes_t bytes;

    (void)state;
    WORKS(ja_handover_publish(handover, 0, "one", 3, pool));
    first = ja_handover_edition(handover, 0);
    WORKS(ja_handover_publish(handover, 2, "another", 7, pool));
    reads(0, "one");
    reads(2, "another");
    WORKS(ja_handover_publish(handover, 0, "second one", 10, pool));
    reads(0, "second one");
    assert_int_not_equal(ja_handover_edition(handover, 0), first);
    WORKS(ja_handover_read(&bytes, handover, first, pool)); /* who has just looked still reads it */
    assert_memory_equal(bytes.bytes, "one", 3);
    assert_int_equal(ja_handover_edition(handover, 1), 0);
}

static void room_is_bounded(void **state)
{
    char *large = apr_pcalloc(pool, JA_HANDOVER_MAX_RECORD + 1);
    ja_err_t *err = NULL;
    int count;

    (void)state;
    FAILS(ja_handover_publish(handover, 0, large, JA_HANDOVER_MAX_RECORD + 1, pool), JA_E_TOO_LARGE,
          "publishing");
    WORKS(ja_handover_publish(handover, 1, "kept", 4, pool));
    for (count = 0; !err && count < 1000; count++) {
        err = ja_handover_publish(handover, 0, large, JA_HANDOVER_MAX_RECORD, pool);
    }
    FAILS(err, JA_E_ROOM_FULL, "in use");
    assert_in_range(count, 3, 10);
    reads(1, "kept");
}

static void domains_that_do_not_exist_are_left_alone(void **state)
{
    (void)state;
    ja_handover_answer(handover, DOMAINS, JA_HANDOVER_TAKEN);
    ja_handover_answer(handover, -1, JA_HANDOVER_TAKEN);
    assert_int_equal(ja_handover_word(handover, DOMAINS), JA_HANDOVER_NOTHING);
    assert_int_equal(ja_handover_edition(handover, -1), 0);
    FAILS(ja_handover_publish(handover, DOMAINS, "x", 1, pool), JA_E_TOO_LARGE, "publishing");
}

/* The server's user can write anything into the memory: nothing is read outside of it. */
static void editions_out_of_nowhere_are_refused(void **state)
{
    static const apr_uint64_t WRONG[] = { 0, 2, 8, 9, 1 << 30, APR_UINT64_MAX, APR_UINT64_MAX - 7 };
    apr_uint64_t *room = (apr_uint64_t *)((char *)memory + ja_handover_bytes(DOMAINS)) - 1;
    apr_uint64_t edition;
    ja_bytes_t bytes;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        FAILS(ja_handover_read(&bytes, handover, WRONG[i], pool), JA_E_UNTRUSTED, "no record");
    }
    *room = 8; /* a record that would end behind the room */
    for (edition = 1; edition < 3 * 1024 * 1024; edition += 8) {
        assert_non_null(ja_handover_read(&bytes, handover, edition, pool));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HANDOVER_TEST(nothing_is_said_at_first),
        HANDOVER_TEST(an_offer_rings_once_and_is_answered),
        HANDOVER_TEST(records_are_read_as_published),
        HANDOVER_TEST(room_is_bounded),
        HANDOVER_TEST(domains_that_do_not_exist_are_left_alone),
        HANDOVER_TEST(editions_out_of_nowhere_are_refused),
    };

    return RUN_TESTS(tests);
}
