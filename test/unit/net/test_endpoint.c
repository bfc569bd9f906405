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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_printed_as_in_a_url),
        TEST(address_and_port_tell_them_apart),
    };

    return RUN_TESTS(tests);
}
