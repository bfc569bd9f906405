#include "check.h"

#include <apr_thread_proc.h>

#include "base/seqlock.h"

#define BYTES 100

typedef struct {
    ja_seqword_t sequence;
    ja_seqword_t words[JA_SEQWORDS(BYTES)];
} slot_t;

static slot_t slot;

static int slot_begins(void **state)
{
    memset(&slot, 0, sizeof(slot));
    return pool_begins(state);
}
#define SLOT_TEST(FN) cmocka_unit_test_setup_teardown(FN, slot_begins, pool_ends)

static void words_are_enough(void **state)
{
    (void)state;
    assert_int_equal(JA_SEQWORDS(0), 0);
    assert_int_equal(JA_SEQWORDS(1), 1);
    assert_int_equal(JA_SEQWORDS(8), 1);
    assert_int_equal(JA_SEQWORDS(9), 2);
}

static void nothing_written_is_zero(void **state)
{
    char bytes[BYTES];
    int i;

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    assert_true(ja_seqlock_read(bytes, sizeof(bytes), &slot.sequence, slot.words));
    for (i = 0; i < BYTES; i++) {
        assert_int_equal(bytes[i], 0);
    }
}

static void what_is_written_is_read(void **state)
{
    char written[BYTES], read[BYTES + 1];
    apr_size_t len;

    (void)state;
    memset(written, 'w', sizeof(written));
    for (len = 0; len <= BYTES; len++) {
        memset(read, '.', sizeof(read));
        ja_seqlock_write(&slot.sequence, slot.words, written, len);
        assert_true(ja_seqlock_read(read, len, &slot.sequence, slot.words));
        assert_memory_equal(read, written, len);
        assert_int_equal(read[len], '.');
    }
}

static void the_rest_of_a_word_is_zero(void **state)
{
    char read[16];

    (void)state;
    ja_seqlock_write(&slot.sequence, slot.words, "0123456789abcdef", 16);
    ja_seqlock_write(&slot.sequence, slot.words, "ABC", 3);
    assert_true(ja_seqlock_read(read, 16, &slot.sequence, slot.words));
    assert_memory_equal(read,
                        "ABC\0\0\0\0\0"
                        "89abcdef",
                        16);
}

/* As a writer leaves it that is killed. */
static void half_written_is_not_read(void **state)
{
    char read[8];

    (void)state;
    ja_seqlock_write(&slot.sequence, slot.words, "01234567", 8);
    slot.sequence |= 1;
    assert_false(ja_seqlock_read(read, 8, &slot.sequence, slot.words));
    ja_seqlock_write(&slot.sequence, slot.words, "76543210", 8);
    assert_true(ja_seqlock_read(read, 8, &slot.sequence, slot.words));
    assert_memory_equal(read, "76543210", 8);
}

static void the_number_may_wrap(void **state)
{
    char read[8];

    (void)state;
    slot.sequence = ~(ja_seqword_t)1;
    ja_seqlock_write(&slot.sequence, slot.words, "01234567", 8);
    assert_true(slot.sequence == 0);
    assert_true(ja_seqlock_read(read, 8, &slot.sequence, slot.words));
}

/* ---- beside a writer ------------------------------------------------------------------------- */

#define ROUNDS 50000

static int is_writing;

static void *APR_THREAD_FUNC write_again_and_again(apr_thread_t *thread, void *baton)
{
    char bytes[BYTES];
    int i;

    (void)thread, (void)baton;
    for (i = 0; i < ROUNDS; i++) {
        memset(bytes, i % 256, sizeof(bytes));
        ja_seqlock_write(&slot.sequence, slot.words, bytes, sizeof(bytes));
    }
    __atomic_store_n(&is_writing, 0, __ATOMIC_RELEASE);
    return NULL;
}

static int is_mixed(const char *bytes)
{
    int i;

    for (i = 1; i < BYTES; i++) {
        if (bytes[i] != bytes[0]) {
            return 1;
        }
    }
    return 0;
}

static void a_reader_never_sees_a_mixture(void **state)
{
    apr_thread_t *writer;
    char bytes[BYTES];
    int seen = 0, mixed = 0;
    apr_status_t rv;

    (void)state;
    is_writing = 1;
    assert_int_equal(apr_thread_create(&writer, NULL, write_again_and_again, NULL, pool),
                     APR_SUCCESS);
    while (__atomic_load_n(&is_writing, __ATOMIC_ACQUIRE) || seen == 0) {
        if (ja_seqlock_read(bytes, sizeof(bytes), &slot.sequence, slot.words)) {
            seen++;
            mixed += is_mixed(bytes);
        }
    }
    apr_thread_join(&rv, writer);
    assert_int_equal(mixed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SLOT_TEST(words_are_enough),
        SLOT_TEST(nothing_written_is_zero),
        SLOT_TEST(what_is_written_is_read),
        SLOT_TEST(the_rest_of_a_word_is_zero),
        SLOT_TEST(half_written_is_not_read),
        SLOT_TEST(the_number_may_wrap),
        SLOT_TEST(a_reader_never_sees_a_mixture),
    };

    return RUN_TESTS(tests);
}
