#include "set_fixture.h"

#include <string.h>

static const apr_array_header_t *two_types(void)
{
    return specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC);
}

static ja_bytes_t packed(void)
{
    ja_secret_t *record;
    ja_bytes_t bytes;

    works(ja_set_pack(&record, store, NAME, pool, pool));
    bytes.bytes = (const char *)record->bytes;
    bytes.len = record->len;
    return bytes;
}

static void what_is_live_comes_out_again(void **state)
{
    const apr_array_header_t *served;
    ja_bytes_t record;

    (void)state;
    make_live(two_types(), 0);
    record = packed();
    works(ja_set_unpack(&served, &record, pool, pool));
    assert_int_equal(served->nelts, 2);
    assert_int_equal(ja_key_spec(APR_ARRAY_IDX(served, 0, ja_set_served_t).key), JA_KEY_P256);
    assert_int_equal(ja_key_spec(APR_ARRAY_IDX(served, 1, ja_set_served_t).key), JA_KEY_P384);
    assert_true(ja_chain_count(APR_ARRAY_IDX(served, 1, ja_set_served_t).chain) >= 1);
}

static void nothing_live_nothing_to_pack(void **state)
{
    ja_secret_t *record;

    (void)state;
    fails(ja_set_pack(&record, store, NAME, pool, pool), JA_E_NOT_FOUND,
          "nothing is live for a.jp");
}

/* Cut anywhere, it is refused, or (behind a whole certificate) has fewer of them. */
static void a_torn_record_is_refused(void **state)
{
    const apr_array_header_t *served;
    ja_bytes_t whole, cut;
    apr_size_t len;
    int good = 0;

    (void)state;
    make_live(two_types(), 0);
    whole = packed();
    for (len = 0; len < whole.len; len += len < 40 ? 1 : 23) {
        cut.bytes = whole.bytes;
        cut.len = len;
        good += ja_set_unpack(&served, &cut, pool, pool) == NULL;
    }
    assert_in_range(good, 0, 1);
}

/* The key of one, the chain of another. */
static void keys_have_to_belong_to_their_chains(void **state)
{
    const apr_array_header_t *served;
    ja_bytes_t first, second;
    apr_size_t first_key, second_key;
    char *mixed;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    first = packed();
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 60);
    second = packed();
    first_key = strlen(first.bytes);
    second_key = strlen(second.bytes);
    mixed = apr_palloc(pool, first_key + second.len);
    memcpy(mixed, first.bytes, first_key);
    memcpy(mixed + first_key, second.bytes + second_key, second.len - second_key);
    first.bytes = mixed;
    first.len = first_key + second.len - second_key;
    fails(ja_set_unpack(&served, &first, pool, pool), JA_E_CERT_BAD, "key");
}

static void more_certificates_than_key_types_are_refused(void **state)
{
    const apr_array_header_t *served;
    ja_bytes_t one;
    char *many;
    int i;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    one = packed();
    many = apr_palloc(pool, one.len * (JA_KEY_SPEC_COUNT + 1));
    for (i = 0; i <= JA_KEY_SPEC_COUNT; i++) {
        memcpy(many + one.len * (apr_size_t)i, one.bytes, one.len);
    }
    one.bytes = many;
    one.len *= JA_KEY_SPEC_COUNT + 1;
    fails(ja_set_unpack(&served, &one, pool, pool), JA_E_SYNTAX, "a packed set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(what_is_live_comes_out_again),
        SET_TEST(nothing_live_nothing_to_pack),
        SET_TEST(a_torn_record_is_refused),
        SET_TEST(keys_have_to_belong_to_their_chains),
        SET_TEST(more_certificates_than_key_types_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
