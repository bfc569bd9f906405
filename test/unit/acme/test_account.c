#include "talk.h"

#include "acme/account.h"

#define ACCOUNT_URL "https://ca.example/acct/1"

static const ja_directory_t DIRECTORY = { .new_account = "https://ca.example/new-account" };

static const char *payload_of(const ja_ask_t *ask)
{
    const char *payload;

    if (ask->payload) {
        return ask->payload;
    }
    WORKS(ask->payload_fn(&payload, ask->payload_baton, &DIRECTORY, pool, pool));
    return payload;
}

static void registering_agrees_to_the_terms(void **state)
{
    const ja_account_new_t what = { .jwk = new_key(),
                                    .contacts = strs("a@example.jp", "b@example.jp", NULL) };
    ja_ask_t ask;

    (void)state;
    ja_account_ask_new(&ask, &what);
    assert_int_equal(ask.to, JA_TO_NEW_ACCOUNT);
    assert_int_equal(ask.kind, JA_KIND_NEW_ACCOUNT);
    assert_string_equal(payload_of(&ask),
                        "{\"termsOfServiceAgreed\":true,"
                        "\"contact\":[\"mailto:a@example.jp\",\"mailto:b@example.jp\"]}");
}

static void a_binding_is_an_object_in_it(void **state)
{
    const ja_account_new_t what = {
        .jwk = new_key(),
        .contacts = strs("a@example.jp", NULL),
        .eab_kid = "kid-1",
        .eab_hmac = ja_secret_make("0123456789abcdef", 16, pool),
    };
    const char *payload;
    ja_json_t *json;
    ja_json_t *eab;
    ja_ask_t ask;

    (void)state;
    ja_account_ask_new(&ask, &what);
    payload = payload_of(&ask);
    WORKS(ja_json_parse(&json, payload, strlen(payload), 10000, pool, pool));
    eab = ja_json_get(json, "externalAccountBinding");
    assert_non_null(ja_json_get_str(eab, "protected", NULL));
    assert_non_null(ja_json_get_str(eab, "payload", NULL));
    assert_non_null(ja_json_get_str(eab, "signature", NULL));
}

static void looking_for_it_makes_none(void **state)
{
    ja_ask_t ask;

    (void)state;
    ja_account_ask_existing(&ask);
    assert_int_equal(ask.to, JA_TO_NEW_ACCOUNT);
    assert_string_equal(payload_of(&ask), "{\"onlyReturnExisting\":true}");
}

static void contacts_are_replaced_at_its_url(void **state)
{
    ja_ask_t ask;

    (void)state;
    ja_account_ask_contacts(&ask, ACCOUNT_URL, strs("c@example.jp", NULL), pool);
    assert_int_equal(ask.to, JA_TO_URL);
    assert_string_equal(ask.url, ACCOUNT_URL);
    assert_string_equal(payload_of(&ask), "{\"contact\":[\"mailto:c@example.jp\"]}");
}

static void its_url_is_the_location(void **state)
{
    ja_account_t account;

    (void)state;
    WORKS(ja_account_hear(&account,
                          heard_of(JA_KIND_NEW_ACCOUNT, ACCOUNT_URL, "{\"status\":\"valid\"}"),
                          pool, pool));
    assert_string_equal(account.url, ACCOUNT_URL);
    assert_int_equal(account.status, JA_ACCOUNT_VALID);
    FAILS(ja_account_hear(&account, heard_of(JA_KIND_NEW_ACCOUNT, NULL, "{\"status\":\"valid\"}"),
                          pool, pool),
          JA_E_PROTOCOL, "Location");
    WORKS(ja_account_hear(&account, heard_of(JA_KIND_ACCOUNT, NULL, "{\"status\":\"deactivated\"}"),
                          pool, pool));
    assert_string_equal(account.url, ASKED);
    assert_int_equal(account.status, JA_ACCOUNT_DEACTIVATED);
    WORKS(ja_account_hear(&account, heard_of(JA_KIND_ACCOUNT, NULL, "{\"status\":\"revoked\"}"),
                          pool, pool));
    assert_int_equal(account.status, JA_ACCOUNT_REVOKED);
}

/* Its EAB is spent: whatever else is wrong with the answer, the account must not get lost. */
static void a_url_is_enough(void **state)
{
    ja_heard_t *heard;
    ja_http_reply_t *reply = reply_with(201, NULL, "");
    ja_account_t account;

    (void)state;
    apr_table_set((apr_table_t *)reply->headers, "Location", ACCOUNT_URL);
    WORKS(ja_heard_make(&heard, reply, JA_KIND_NEW_ACCOUNT, ASKED, pool));
    WORKS(ja_account_hear(&account, heard, pool, pool));
    assert_string_equal(account.url, ACCOUNT_URL);
    assert_int_equal(account.status, JA_ACCOUNT_VALID);
    WORKS(ja_account_hear(&account, heard_of(JA_KIND_NEW_ACCOUNT, ACCOUNT_URL, "{}"), pool, pool));
    assert_int_equal(account.status, JA_ACCOUNT_VALID);
    FAILS(ja_account_hear(&account,
                          heard_of(JA_KIND_NEW_ACCOUNT, ACCOUNT_URL, "{\"status\":\"asleep\"}"),
                          pool, pool),
          JA_E_PROTOCOL, "status");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(registering_agrees_to_the_terms), TEST(a_binding_is_an_object_in_it),
        TEST(looking_for_it_makes_none),       TEST(contacts_are_replaced_at_its_url),
        TEST(its_url_is_the_location),         TEST(a_url_is_enough),
    };

    return RUN_TESTS(tests);
}
