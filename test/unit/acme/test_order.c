#include "talk.h"

#include "acme/order.h"

#define ORDER_URL "https://ca.example/order/1"
#define NAMES                                                                                      \
    "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"},{\"type\":\"dns\",\"value\":\"*." \
    "b.example\"}]"
#define FINALIZE "\"finalize\":\"https://ca.example/order/1/finalize\""
#define AUTHZ    "\"authorizations\":[\"https://ca.example/authz/1\",\"https://ca.example/authz/2\"]"

static ja_order_t *order;

static ja_err_t *hear(ja_kind_t kind, const char *location, const char *json)
{
    order = NULL;
    return ja_order_hear(&order, heard_of(kind, location, json),
                         strs("a.example", "*.b.example", NULL), pool, pool);
}

static void a_new_order_names_its_names(void **state)
{
    ja_ask_t ask;

    (void)state;
    WORKS(ja_order_ask_new(&ask, strs("a.example", "*.b.example", NULL), pool));
    assert_int_equal(ask.to, JA_TO_NEW_ORDER);
    assert_int_equal(ask.kind, JA_KIND_NEW_ORDER);
    assert_string_equal(ask.payload, "{" NAMES "}");
    FAILS(ja_order_ask_new(&ask, strs(NULL, NULL), pool), JA_E_CONFIG, "names");
}

static void a_poll_is_a_post_as_get(void **state)
{
    ja_ask_t ask;

    (void)state;
    ja_order_ask(&ask, ORDER_URL);
    assert_int_equal(ask.to, JA_TO_URL);
    assert_int_equal(ask.kind, JA_KIND_ORDER);
    assert_string_equal(ask.url, ORDER_URL);
    assert_string_equal(ask.payload, "");
    assert_int_equal(ask.max_bytes, JA_ORDER_MAX_BYTES);
}

static void finalize_carries_the_csr(void **state)
{
    const ja_bytes_t csr = { "\x30\x00\xff\xfe", 4 };
    const ja_bytes_t none = { "", 0 };
    ja_ask_t ask;

    (void)state;
    WORKS(ja_order_ask_finalize(&ask, ORDER_URL "/finalize", &csr, pool));
    assert_string_equal(ask.payload, "{\"csr\":\"MAD__g\"}");
    assert_string_equal(ask.url, ORDER_URL "/finalize");
    FAILS(ja_order_ask_finalize(&ask, ORDER_URL, &none, pool), JA_E_INTERNAL, "CSR");
}

static void a_pending_order_is_read(void **state)
{
    (void)state;
    WORKS(hear(JA_KIND_NEW_ORDER, ORDER_URL,
               "{\"status\":\"pending\",\"expires\":\"2030-01-08T00:00:00Z\"," NAMES "," AUTHZ
               "," FINALIZE "}"));
    assert_int_equal(order->status, JA_ORDER_PENDING);
    assert_string_equal(order->url, ORDER_URL);
    assert_int_equal(order->authz_urls->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(order->authz_urls, 1, const char *),
                        "https://ca.example/authz/2");
    assert_string_equal(order->finalize_url, ORDER_URL "/finalize");
    assert_null(order->cert_url);
    assert_null(order->error);
}

static void every_status_is_known(void **state)
{
    static const char *const STATUSES[] = { "pending", "ready", "processing", "valid", "invalid" };
    int i;

    (void)state;
    for (i = 0; i < JA_ORDER_STATUS_COUNT; i++) {
        WORKS(hear(
            JA_KIND_ORDER, NULL,
            apr_psprintf(pool,
                         "{\"status\":\"%s\",\"certificate\":\"https://ca.example/cert/1\"," NAMES
                         "," FINALIZE "}",
                         STATUSES[i])));
        assert_int_equal(order->status, i);
        assert_int_equal(order->authz_urls->nelts, 0);
    }
    FAILS(hear(JA_KIND_ORDER, NULL, "{\"status\":\"deactivated\"," NAMES "," FINALIZE "}"),
          JA_E_PROTOCOL, "status");
}

static void its_url_comes_from_where_it_is_certain(void **state)
{
    (void)state;
    WORKS(hear(JA_KIND_ORDER, "https://ca.example/elsewhere",
               "{\"status\":\"ready\"," NAMES "," FINALIZE "}"));
    assert_string_equal(order->url, ASKED);
    WORKS(hear(JA_KIND_FINALIZE, ORDER_URL, "{\"status\":\"ready\"," NAMES "," FINALIZE "}"));
    assert_string_equal(order->url, ORDER_URL);
    WORKS(hear(JA_KIND_FINALIZE, NULL, "{\"status\":\"ready\"," NAMES "," FINALIZE "}"));
    assert_string_equal(order->url, ASKED);
    FAILS(hear(JA_KIND_NEW_ORDER, NULL, "{\"status\":\"ready\"," NAMES "," FINALIZE "}"),
          JA_E_PROTOCOL, "Location");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    FAILS(hear(JA_KIND_ORDER, NULL, "{" NAMES "," FINALIZE "}"), JA_E_PROTOCOL,
          "order/status is missing");
    FAILS(hear(JA_KIND_ORDER, NULL, "{\"status\":\"ready\"," FINALIZE "}"), JA_E_PROTOCOL,
          "identifiers");
    FAILS(hear(JA_KIND_ORDER, NULL, "{\"status\":\"ready\"," NAMES "}"), JA_E_PROTOCOL, "finalize");
    FAILS(hear(JA_KIND_ORDER, NULL, "{\"status\":\"valid\"," NAMES "," FINALIZE "}"), JA_E_PROTOCOL,
          "certificate");
    FAILS(hear(JA_KIND_ORDER, NULL, "[]"), JA_E_PROTOCOL, "");
}

static void the_names_have_to_be_ours(void **state)
{
    const ja_heard_t *heard =
        heard_of(JA_KIND_ORDER, NULL, "{\"status\":\"ready\"," NAMES "," FINALIZE "}");

    (void)state;
    WORKS(ja_order_hear(&order, heard, strs("*.B.example", "A.EXAMPLE", NULL), pool, pool));
    WORKS(ja_order_hear(&order, heard, NULL, pool, pool));
    FAILS(ja_order_hear(&order, heard, strs("a.example", "c.example", NULL), pool, pool),
          JA_E_PROTOCOL, "c.example");
    FAILS(ja_order_hear(&order, heard, strs("a.example", NULL), pool, pool), JA_E_PROTOCOL,
          "2 names and not 1");
    FAILS(ja_order_hear(&order, heard, strs("a.example", "*.b.example", "c.example", NULL), pool,
                        pool),
          JA_E_PROTOCOL, "c.example");
}

static void its_error_is_one(void **state)
{
    (void)state;
    WORKS(hear(JA_KIND_ORDER, NULL,
               "{\"status\":\"invalid\"," NAMES "," FINALIZE
               ",\"error\":{\"type\":\"urn:ietf:params:acme:error:caa\","
               "\"detail\":\"no\"}}"));
    FAILS(order->error, JA_E_CAA, "order " ASKED ": the CA says caa: no");
    WORKS(hear(JA_KIND_ORDER, NULL,
               "{\"status\":\"invalid\"," NAMES "," FINALIZE ",\"error\":\"no\"}"));
    FAILS(order->error, JA_E_ORDER_INVALID, ASKED);
}

static const char *many(const char *item, int count)
{
    apr_array_header_t *list = apr_array_make(pool, count, sizeof(const char *));

    while (count-- > 0) {
        APR_ARRAY_PUSH(list, const char *) = item;
    }
    return apr_array_pstrcat(pool, list, ',');
}

static void lists_have_limits(void **state)
{
    const char *fits = many("\"https://ca.example/authz/1\"", JA_ORDER_MAX_AUTHZ);
    const char *more = many("\"https://ca.example/authz/1\"", JA_ORDER_MAX_AUTHZ + 1);

    (void)state;
    WORKS(hear(JA_KIND_ORDER, NULL,
               apr_psprintf(pool,
                            "{\"status\":\"ready\"," NAMES "," FINALIZE ",\"authorizations\":[%s]}",
                            fits)));
    assert_int_equal(order->authz_urls->nelts, JA_ORDER_MAX_AUTHZ);
    FAILS(hear(JA_KIND_ORDER, NULL,
               apr_psprintf(pool,
                            "{\"status\":\"ready\"," NAMES "," FINALIZE ",\"authorizations\":[%s]}",
                            more)),
          JA_E_PROTOCOL, "authorizations");
}

static void a_chain_is_taken_as_it_is(void **state)
{
    ja_heard_t *heard;
    ja_bytes_t pem;
    ja_ask_t ask;

    (void)state;
    ja_order_ask_cert(&ask, "https://ca.example/cert/1");
    assert_string_equal(ask.accept, "application/pem-certificate-chain");
    assert_string_equal(ask.payload, "");
    assert_int_equal(ask.kind, JA_KIND_CERT);

    WORKS(ja_heard_make(&heard, reply_with(200, "application/pem-certificate-chain", "-----BEGIN"),
                        JA_KIND_CERT, ASKED, pool));
    WORKS(ja_order_hear_cert(&pem, heard, pool));
    assert_string_equal(pem.bytes, "-----BEGIN");
    assert_int_equal(pem.len, 10);
    WORKS(ja_heard_make(&heard, reply_with(200, "text/html", "-----BEGIN"), JA_KIND_CERT, ASKED,
                        pool));
    FAILS(ja_order_hear_cert(&pem, heard, pool), JA_E_PROTOCOL, "PEM");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_order_names_its_names),
        TEST(a_poll_is_a_post_as_get),
        TEST(finalize_carries_the_csr),
        TEST(a_pending_order_is_read),
        TEST(every_status_is_known),
        TEST(its_url_comes_from_where_it_is_certain),
        TEST(what_is_missing_is_named),
        TEST(the_names_have_to_be_ours),
        TEST(its_error_is_one),
        TEST(lists_have_limits),
        TEST(a_chain_is_taken_as_it_is),
    };

    return RUN_TESTS(tests);
}
