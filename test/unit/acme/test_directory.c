#include "talk.h"

#include "acme/directory.h"

#define URL_OF(name) "\"" name "\":\"https://ca.example/" name "\""
#define REQUIRED     URL_OF("newNonce") "," URL_OF("newAccount") "," URL_OF("newOrder")

static ja_err_t *hear(ja_directory_t **dir, const char *body)
{
    return ja_directory_hear(dir, reply_with(200, "application/json", body),
                             "https://ca.example/dir", pool, pool);
}

static void reads_the_resources(void **state)
{
    ja_directory_t *dir;

    (void)state;
    WORKS(hear(&dir, "{" REQUIRED "," URL_OF("revokeCert") "," URL_OF(
                         "keyChange") ",\"newAuthz\":7,\"xyz\":\"about random members\","
                                      "\"meta\":{\"termsOfService\":\"https://ca.example/"
                                      "terms.pdf\",\"externalAccountRequired\":true,"
                                      "\"caaIdentities\":[\"jprs.jp\"]}}"));
    assert_string_equal(dir->new_nonce, "https://ca.example/newNonce");
    assert_string_equal(dir->new_account, "https://ca.example/newAccount");
    assert_string_equal(dir->new_order, "https://ca.example/newOrder");
    assert_string_equal(dir->revoke_cert, "https://ca.example/revokeCert");
    assert_string_equal(dir->key_change, "https://ca.example/keyChange");
    assert_string_equal(dir->terms, "https://ca.example/terms.pdf");
    assert_true(dir->eab_required);
}

static void most_of_it_may_be_missing(void **state)
{
    ja_directory_t *dir;

    (void)state;
    WORKS(hear(&dir, "{" REQUIRED "}"));
    assert_null(dir->revoke_cert);
    assert_null(dir->key_change);
    assert_null(dir->terms);
    assert_false(dir->eab_required);
}

static void the_three_may_not(void **state)
{
    ja_directory_t *dir;

    (void)state;
    FAILS(hear(&dir, "{" URL_OF("newAccount") "," URL_OF("newOrder") "}"), JA_E_PROTOCOL,
          "newNonce");
    FAILS(hear(&dir, "{" URL_OF("newNonce") "," URL_OF("newOrder") "}"), JA_E_PROTOCOL,
          "newAccount");
    FAILS(hear(&dir, "{" URL_OF("newNonce") "," URL_OF("newAccount") "}"), JA_E_PROTOCOL,
          "newOrder");
    FAILS(hear(&dir, "{" REQUIRED ",\"newOrder\":\"twice\"}"), JA_E_PROTOCOL, "");
    FAILS(hear(&dir, "[]"), JA_E_PROTOCOL, "");
    FAILS(hear(&dir, "{"), JA_E_PROTOCOL, "");
    FAILS(hear(&dir, ""), JA_E_PROTOCOL, "");
}

static void urls_have_to_be_https(void **state)
{
    ja_directory_t *dir;

    (void)state;
    FAILS(hear(&dir, "{" URL_OF("newNonce") "," URL_OF(
                         "newAccount") ",\"newOrder\":\"http://ca.example/o\"}"),
          JA_E_URL, "http");
    FAILS(hear(&dir, "{" URL_OF("newNonce") "," URL_OF("newAccount") ",\"newOrder\":\"/o\"}"),
          JA_E_URL, "https://");
    FAILS(hear(&dir, "{" REQUIRED ",\"revokeCert\":\"ftp://ca.example/o\"}"), JA_E_URL, "ftp");
}

static ja_err_t *hear_raw(int status, const char *type, const char *body)
{
    ja_directory_t *dir;

    return ja_directory_hear(&dir, reply_with(status, type, body), "https://ca.example/dir", pool,
                             pool);
}

static void other_replies_are_named(void **state)
{
    (void)state;
    FAILS(hear_raw(404, "text/html", "<h1>Not Found</h1>"), JA_E_HTTP, "Not Found");
    FAILS(hear_raw(503, "text/html", "maintenance"), JA_E_CA_INTERNAL, "maintenance");
    FAILS(hear_raw(200, "text/html", "<h1>Proxy login</h1>"), JA_E_HTTP, "Proxy login");
    FAILS(hear_raw(301, NULL, ""), JA_E_HTTP, "301");
}

/* Some servers send the right thing with the wrong name on it. */
static void json_is_json_whatever_its_type(void **state)
{
    (void)state;
    WORKS(hear_raw(200, "text/plain", "{" REQUIRED "}"));
    WORKS(hear_raw(200, NULL, "{" REQUIRED "}"));
}

static void requests_go_only_where_it_says(void **state)
{
    ja_directory_t *dir;

    (void)state;
    WORKS(hear(&dir, "{" URL_OF("newNonce") "," URL_OF(
                         "newAccount") ",\"newOrder\":\"https://orders.example:8443/o\"}"));
    assert_int_equal(dir->authorities->nelts, 2);
    WORKS(ja_directory_check_url(dir, "https://ca.example/acct/1", pool));
    WORKS(ja_directory_check_url(dir, "https://CA.example:443/acct/1", pool));
    WORKS(ja_directory_check_url(dir, "https://orders.example:8443/1", pool));
    FAILS(ja_directory_check_url(dir, "https://orders.example/1", pool), JA_E_URL, "directory");
    FAILS(ja_directory_check_url(dir, "https://ca.example.evil.example/", pool), JA_E_URL,
          "directory");
    FAILS(ja_directory_check_url(dir, "https://169.254.169.254/latest", pool), JA_E_URL,
          "directory");
    FAILS(ja_directory_check_url(dir, "http://127.0.0.1/server-status", pool), JA_E_URL,
          "directory");
    FAILS(ja_directory_check_url(dir, "order/1", pool), JA_E_URL, "https://");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_the_resources),
        TEST(most_of_it_may_be_missing),
        TEST(the_three_may_not),
        TEST(urls_have_to_be_https),
        TEST(other_replies_are_named),
        TEST(json_is_json_whatever_its_type),
        TEST(requests_go_only_where_it_says),
    };

    return RUN_TESTS(tests);
}
