#include "../base/check.h"

#include <apr_strings.h>

#include "net/endpoint.h"

static const ja_endpoint_t V4 = { "127.0.0.1", 443 };
static const ja_endpoint_t V6 = { "::1", 8443 };

static void it_is_printed_as_in_a_url(void **state)
{
    (void)state;
    assert_string_equal(ja_endpoint_print(&V4, pool), "127.0.0.1:443");
    assert_string_equal(ja_endpoint_print(&V6, pool), "[::1]:8443");
}

static void address_and_port_tell_them_apart(void **state)
{
    const ja_endpoint_t same = { apr_pstrdup(pool, "127.0.0.1"), 443 };
    const ja_endpoint_t other = { "127.0.0.1", 444 };

    (void)state;
    assert_true(ja_endpoint_is_same(&V4, &same));
    assert_false(ja_endpoint_is_same(&V4, &other));
    assert_false(ja_endpoint_is_same(&V4, &V6));
}

static void addresses_of_others_are_not_local(void **state)
{
    const ja_endpoint_t local = { "127.5.6.7", 1 };
    const ja_endpoint_t others[] = { { "192.0.2.1", 1 },        /* RFC 5737: nobody's */
                                     { "2001:db8::1%eth0", 1 }, /* RFC 3849 */
                                     { "localhost", 1 } };
    size_t i;

    (void)state;
    assert_true(ja_endpoint_is_local(&V4));
    assert_true(ja_endpoint_is_local(&local));
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(ja_endpoint_is_local(&others[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_printed_as_in_a_url),
        TEST(address_and_port_tell_them_apart),
        TEST(addresses_of_others_are_not_local),
    };

    return RUN_TESTS(tests);
}
