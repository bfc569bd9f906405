#include "../base/check.h"
#include "cli/types.h"

static int codes[JA_E_COUNT];

static int count(const char *type)
{
    int found = 0;
    int code;

    ja_types_codes(codes, type, pool);
    for (code = 0; code < JA_E_COUNT; code++) {
        found += codes[code];
    }
    return found;
}

static void a_type_is_found_however_it_is_written(void **state)
{
    (void)state;
    assert_int_equal(count("rejectedIdentifier"), 1);
    assert_true(codes[JA_E_REJECTED_NAME]);
    assert_int_equal(count("REJECTEDIDENTIFIER"), 1);
    assert_int_equal(count("urn:ietf:params:acme:error:caa"), 1);
    assert_true(codes[JA_E_CAA]);
}

static void a_compound_is_none_of_them(void **state)
{
    (void)state;
    assert_true(ja_types_is_compound("urn:ietf:params:acme:error:compound"));
    assert_true(ja_types_is_compound("Compound"));
    assert_false(ja_types_is_compound("caa"));
    assert_int_equal(count("compound"), 0);
}

static void what_depends_on_the_request_means_several(void **state)
{
    (void)state;
    assert_true(count("unauthorized") > 1);
    assert_true(codes[JA_E_UNAUTHORIZED]);
    assert_true(codes[JA_E_VALIDATION_WRONG]);
}

static void a_row_of_the_manuals_is_found(void **state)
{
    (void)state;
    assert_int_equal(count("E13"), 1);
    assert_true(codes[JA_E_EAB_REFUSED]);
    assert_int_equal(count("e19"), 1);
    assert_true(codes[JA_E_AUTHZ_EXPIRED]);
    assert_int_equal(count("E27"), 2);
    assert_int_equal(count("E0"), 0);
    assert_int_equal(count("E30"), 0);
}

static void others_mean_nothing(void **state)
{
    (void)state;
    assert_int_equal(count("dance"), 0);
    assert_int_equal(count(""), 0);
    assert_int_equal(count("urn:ietf:params:acme:error:"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_type_is_found_however_it_is_written),
        TEST(a_compound_is_none_of_them),
        TEST(what_depends_on_the_request_means_several),
        TEST(a_row_of_the_manuals_is_found),
        TEST(others_mean_nothing),
    };

    return RUN_TESTS(tests);
}
