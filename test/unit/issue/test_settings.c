#include "../base/check.h"
#include "../store/tree.h"
#include "settings_fixture.h"

#include <sys/stat.h>

#include <apr_strings.h>

#define HMAC "c2VjcmV0LXNlY3JldC1zZWNyZXQ_"

/* What a fresh level says to one directive. */
static const char *said(const char *name, const char *text)
{
    ja_settings_t settings = { 0 };

    return give(&settings, name, text, pool);
}

#define TAKES(NAME, TEXT)                      \
    do {                                       \
        const char *takes_ = said(NAME, TEXT); \
        if (takes_) {                          \
            fail_msg("%s", takes_);            \
        }                                      \
    } while (0)

#define REFUSES(NAME, TEXT, PART)                                                           \
    do {                                                                                    \
        const char *refuses_ = said(NAME, TEXT);                                            \
        if (!refuses_ || !strstr(refuses_, PART) || !strstr(refuses_, "ManagedDomain" NAME) \
            || !strstr(refuses_, "allowed: ")) {                                            \
            fail_msg("%s %s: %s", NAME, TEXT, refuses_ ? refuses_ : "(taken)");             \
        }                                                                                   \
    } while (0)

/* The words that print() makes, as a text. */
static const char *printed(const ja_settings_t *settings, const char *name)
{
    apr_array_header_t *words = apr_array_make(pool, 2, sizeof(const char *));

    ja_setting_find(apr_pstrcat(pool, "ManagedDomain", name, NULL))->print(words, settings, pool);
    return apr_array_pstrcat(pool, words, ' ');
}

/* A default that can't be read would show only in a server that has it. */
static void every_row_is_complete_and_its_default_can_be_read(void **state)
{
    const ja_setting_t *row;
    ja_settings_t settings;
    int count = 0;

    (void)state;
    for (row = ja_settings_table(); row->name; row++, count++) {
        assert_non_null(row->parse);
        assert_non_null(row->print);
        assert_true(row->fallback || row->absent);
        assert_true(strlen(row->help) > 20);
        assert_ptr_equal(strstr(row->example, "ManagedDomain"), row->example);
        assert_ptr_equal(ja_setting_find(row->name), row);
        memset(&settings, 0, sizeof(settings));
        if (row->fallback) {
            assert_null(ja_settings_give(&settings, row, words_of(row->fallback, pool), "/", pool));
        }
    }
    assert_int_equal(count, JA_SETTING_COUNT);
    assert_null(ja_setting_find("ManagedDomain"));
}

static void defaults_are_those_that_are_documented(void **state)
{
    ja_settings_t merged;

    (void)state;
    ja_settings_merge(&merged, NULL, NULL, pool);
    assert_string_equal(merged.store, JA_DEFAULT_STORE);
    assert_string_equal(merged.ca_url, JA_CA_JPRS_URL);
    assert_null(merged.trust_file);
    assert_null(merged.contacts);
    assert_null(merged.eab);
    assert_false(merged.agreed);
    assert_string_equal(APR_ARRAY_IDX(merged.challenges, 0, const char *), "http-01");
    assert_int_equal(merged.keys->nelts, 1);
    assert_int_equal(APR_ARRAY_IDX(merged.keys, 0, ja_key_spec_t), JA_KEY_RSA2048);
    assert_int_equal(merged.renew_before.percent, 33);
    assert_int_equal(merged.renew, JA_RENEW_AUTO);
    assert_int_equal(merged.activation, JA_ACTIVATION_HOT);
    assert_int_equal(merged.delay.kind, JA_DELAY_UNSET);
    assert_true(merged.stapling);
    assert_int_equal(merged.concurrency, 50);
}

static void sections_win_over_the_server_and_that_over_defaults(void **state)
{
    ja_settings_t server = { 0 }, section = { 0 }, base, merged;

    (void)state;
    assert_null(give(&server, "Keys", "p256 p384", pool));
    assert_null(give(&server, "Renew", "always", pool));
    assert_null(give(&section, "Renew", "manual", pool));
    ja_settings_merge(&base, &server, NULL, pool);
    ja_settings_merge(&merged, &base, &section, pool);
    assert_ptr_equal(merged.keys, server.keys);
    assert_int_equal(merged.renew, JA_RENEW_MANUAL);
    assert_int_equal(base.renew, JA_RENEW_ALWAYS);
    assert_ptr_equal(merged.challenges, base.challenges);
}

static void a_directive_is_given_once_in_a_level(void **state)
{
    ja_settings_t settings = { 0 };
    const char *fault;

    (void)state;
    assert_null(give(&settings, "Keys", "p256", pool));
    fault = give(&settings, "Keys", "p384", pool);
    assert_non_null(fault);
    assert_non_null(strstr(fault, "ManagedDomainKeys p384: "));
    assert_non_null(strstr(fault, "second time"));
    assert_int_equal(APR_ARRAY_IDX(settings.keys, 0, ja_key_spec_t), JA_KEY_P256);
}

static void stores_are_absolute_paths(void **state)
{
    (void)state;
    TAKES("Store", "/var/lib/x");
    REFUSES("Store", "", "one path");
    REFUSES("Store", "/a /b", "one path");
    REFUSES("Store", "var/lib/x", "absolute");
    REFUSES("Store", "redis://host", "absolute");
    REFUSES("Store", "//", "root directory");
}

static void cas_are_jprs_or_urls(void **state)
{
    static const char *const MISPRINTS[] = {
        "https://acme.amecert.jp/jprs.jp/DV/getDirectory",
        "https://acme.amecert.jp/rs.jp/DV/getDirectory",
        "https://acme.amecert.jprs.co.jp/DV/getDirectory",
        "https://acme.amercert.jprs.jp/DV/getDirectory",
        "https://amce.amecert.jprs.jp/DV/getDirectory",
        "https://ACME.AMECERT.JP/",
        "https://acme.amecert.jprs.jp",
        "https://acme.amecert.jprs.jp/",
        "https://acme.amecert.jprs.jp/DV",
        "https://acme.amecert.jprs.jp/DV/getdirectory",
        "https://ACME.amecert.jprs.jp:443/dv/getDirectory",
        "https://acme.amecert.jprs.jp/rs/DV/getDirectory",
        "https://acme.amecert.jprs.jp?/DV/getDirectory",
    };
    ja_settings_t settings = { 0 };
    size_t i;

    (void)state;
    assert_null(give(&settings, "CA", "JPRS", pool));
    assert_string_equal(settings.ca_url, JA_CA_JPRS_URL);
    TAKES("CA", JA_CA_JPRS_URL);
    TAKES("CA", "https://ca.example.jp:14000/dir");
    TAKES("CA", "http://127.0.0.1:14000/dir");
    TAKES("CA", "https://test.jprs.jp/dir");
    TAKES("CA", "https://acme.amecert.jprs.jp/OV/getDirectory"); /* if there will be one */
    REFUSES("CA", "", "one word");
    REFUSES("CA", "letsencrypt", "https://");
    REFUSES("CA", "http://ca.example.jp/dir", "loopback");
    REFUSES("CA", "https://user:secret@ca.example.jp/dir", "https://...@ca.example.jp/dir");
    assert_null(strstr(said("CA", "https://user:secret@ca.example.jp/dir"), "secret"));
    for (i = 0; i < sizeof(MISPRINTS) / sizeof(MISPRINTS[0]); i++) {
        REFUSES("CA", MISPRINTS[i], JA_CA_JPRS_URL);
    }
}

static void trust_files_have_to_be_there(void **state)
{
    const char *dir = tree_dir(pool);
    ja_settings_t settings = { 0 };

    (void)state;
    tree_put(tree_path(pool, "%s/no.pem", dir), "certificate\n-----BEGIN PUBLIC KEY-----\n");
    tree_put(tree_path(pool, "%s/ca.pem", dir), "My CA\n-----BEGIN CERTIFICATE-----\n");
    assert_null(ja_settings_parse_trust_file(&settings, words_of("ca.pem", pool), dir, pool));
    assert_string_equal(settings.trust_file, tree_path(pool, "%s/ca.pem", dir));
    assert_null(ja_settings_parse_trust_file(&settings, words_of("/none", pool), NULL, pool));
    assert_string_equal(settings.trust_file, "/none");
    REFUSES("CACertificateFile", "/nonexistent/ca.pem", "No such file");
    REFUSES("CACertificateFile", dir, "regular");
    REFUSES("CACertificateFile", tree_path(pool, "%s/no.pem", dir), "no certificate");
    REFUSES("CACertificateFile", "", "one path");
}

static void contacts_are_one_to_six_mail_addresses(void **state)
{
    ja_settings_t settings = { 0 };

    (void)state;
    assert_null(give(&settings, "Contact",
                     "mailto:admin@example.jp Tls.Team+x@Example.JP a..b@日本語.jp", pool));
    assert_int_equal(settings.contacts->nelts, 3);
    assert_string_equal(APR_ARRAY_IDX(settings.contacts, 0, const char *), "admin@example.jp");
    assert_string_equal(APR_ARRAY_IDX(settings.contacts, 1, const char *), "Tls.Team+x@example.jp");
    assert_string_equal(APR_ARRAY_IDX(settings.contacts, 2, const char *),
                        "a..b@xn--wgv71a119e.jp");
    TAKES("Contact", "a@x.jp b@x.jp c@x.jp d@x.jp e@x.jp f@x.jp");
    REFUSES("Contact", "", "0 addresses");
    REFUSES("Contact", "a@x.jp b@x.jp c@x.jp d@x.jp e@x.jp f@x.jp g@x.jp", "7 addresses");
    REFUSES("Contact", "a@x.jp b@x.jp A@X.JP", "twice");
    REFUSES("Contact", "a@x.jp mailto:a@x.jp", "twice");
    REFUSES("Contact", "admin", "no mail address");
    REFUSES("Contact", "@example.jp", "no mail address");
    REFUSES("Contact", "admin@", "no mail address");
    REFUSES("Contact", "admin@localhost", "one label");
    REFUSES("Contact", "a@b@example.jp", "no mail address");
    REFUSES("Contact", "a@x.jp,b@x.jp", "no mail address");
    REFUSES("Contact", "a@x.jp?subject=x", "no mail address");
    REFUSES("Contact", "tel:+81312345678", "no mail address");
    REFUSES("Contact", "a@*.example.jp", "no mail address");
}

static void agreement_is_one_word(void **state)
{
    (void)state;
    TAKES("Agreement", "accepted");
    REFUSES("Agreement", "yes", "accepted");
    REFUSES("Agreement", "", "accepted");
}

/* The value of this directive is never repeated: it may be the key. */
static void accounts_are_read_and_never_shown(void **state)
{
    static const char *const BAD[] = { "SECRETSECRETSECRETSECRETSECRET",
                                       "kid SECRET!SECRETSECRETSECRET",
                                       "kid SECRETSECRETSECRETSECRET issued=SECRET",
                                       "kid SECRETSECRETSECRETSECRETAA= more words",
                                       "file:",
                                       "" };
    ja_settings_t settings = { 0 }, none = { 0 };
    const char *fault;
    size_t i;

    (void)state;
    assert_null(give(&settings, "ExternalAccount", "kid " HMAC " issued=2026-11-22", pool));
    assert_string_equal(settings.eab->kid, "kid");
    assert_int_equal(settings.eab->issued_at, apr_time_from_sec(1795305600));
    assert_null(give(&none, "ExternalAccount", "none", pool));
    assert_null(none.eab);
    assert_true(none.set != 0);
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        fault = said("ExternalAccount", BAD[i]);
        assert_non_null(fault);
        assert_null(strstr(fault, "SECRET"));
        assert_non_null(strstr(fault, "allowed: "));
    }
    fault = give(&settings, "ExternalAccount", "kid SECRETSECRETSECRETSECRETSECRET", pool);
    assert_non_null(strstr(fault, "second time"));
    assert_null(strstr(fault, "SECRET"));
    assert_string_equal(printed(&settings, "ExternalAccount"), "");
}

static void accounts_of_too_few_or_too_many_words_are_explained(void **state)
{
    (void)state;
    REFUSES("ExternalAccount", "kid", "one word only");
    REFUSES("ExternalAccount", "kid\u3000" HMAC, "half-width blank");
    REFUSES("ExternalAccount", "kid c2VjcmV0 LXNlY3JldC1zZWNyZXQ", "has 3 words");
    REFUSES("ExternalAccount", "k i d " HMAC " issued=2026-11-22", "has 4 words");
    REFUSES("ExternalAccount", "file: /etc/eab", "directly behind \"file:\"");
    REFUSES("ExternalAccount", "file:/my documents/eab", "into quotes");
    REFUSES("ExternalAccount", HMAC " kid", "interchanged");
    REFUSES("ExternalAccount", "kid " HMAC "\n", "line break at position 29");
}

static void accounts_are_read_from_files(void **state)
{
    const char *dir = tree_dir(pool);
    const char *path = tree_path(pool, "%s/eab", dir);
    ja_settings_t settings = { 0 };
    const ja_setting_t *row = ja_setting_find("ManagedDomainExternalAccount");

    (void)state;
    tree_put(path, "kid-1\n" HMAC "\n");
    assert_int_equal(chmod(path, 0600), 0);
    assert_null(
        ja_settings_give(&settings, row, words_of("file:eab issued=2026-11-22", pool), dir, pool));
    assert_string_equal(settings.eab->kid, "kid-1");
    assert_int_equal(settings.eab->issued_at, apr_time_from_sec(1795305600));

    /* One that is gone: not judged here. */
    memset(&settings, 0, sizeof(settings));
    settings.here.line = 7;
    assert_null(give(&settings, "ExternalAccount", "file:/nonexistent/eab", pool));
    assert_string_equal(settings.eab->missing_file, "/nonexistent/eab");
    assert_int_equal(settings.eab->place.line, 7);
    assert_null(settings.eab->kid);
    REFUSES("ExternalAccount", "file:/dev/null/eab", "Not a directory");
}

static void challenges_are_those_of_this_version(void **state)
{
    (void)state;
    TAKES("Challenges", "HTTP-01");
    REFUSES("Challenges", "dns-01", "not supported yet");
    REFUSES("Challenges", "http-01 tls-alpn-01", "not supported yet");
    REFUSES("Challenges", "http-02", "no kind of challenge");
    REFUSES("Challenges", "http-01 http-01", "twice");
    REFUSES("Challenges", "", "at least one");
}

static void keys_are_of_five_kinds(void **state)
{
    ja_settings_t settings = { 0 };

    (void)state;
    assert_null(give(&settings, "Keys", "p384 RSA2048 rsa3072 rsa4096 p256", pool));
    assert_int_equal(settings.keys->nelts, 5);
    assert_int_equal(APR_ARRAY_IDX(settings.keys, 0, ja_key_spec_t), JA_KEY_P384);
    assert_int_equal(APR_ARRAY_IDX(settings.keys, 1, ja_key_spec_t), JA_KEY_RSA2048);
    REFUSES("Keys", "rsa1024", "no kind of key");
    REFUSES("Keys", "p256 P256", "twice");
    REFUSES("Keys", "", "no kind of key");
}

static void renewal_is_before_expiry_and_after_issuance(void **state)
{
    ja_settings_t settings = { 0 };

    (void)state;
    assert_null(give(&settings, "RenewBefore", "30d", pool));
    assert_int_equal(settings.renew_before.duration, apr_time_from_sec(30 * 86400));
    TAKES("RenewBefore", "1%");
    TAKES("RenewBefore", "99%");
    REFUSES("RenewBefore", "0%", "1% to 99%");
    REFUSES("RenewBefore", "100%", "1% to 99%");
    REFUSES("RenewBefore", "150%", "1% to 99%");
    REFUSES("RenewBefore", "0d", "more than 0");
    REFUSES("RenewBefore", "0", "more than 0");
    REFUSES("RenewBefore", "30", "without a unit");
    REFUSES("RenewBefore", "soon", "30d");
    REFUSES("RenewBefore", "30 d", "30d");
    REFUSES("RenewBefore", "", "30d");
}

static void words_are_those_that_are_listed(void **state)
{
    (void)state;
    TAKES("Renew", "auto");
    TAKES("Renew", "ALWAYS");
    REFUSES("Renew", "sometimes", "auto, always, manual");
    REFUSES("Renew", "auto always", "more than one word");
    REFUSES("Renew", "", "auto, always, manual");
    TAKES("Activation", "hot");
    TAKES("Activation", "manual");
    REFUSES("Activation", "now", "hot, graceful, manual");
    TAKES("Stapling", "On");
    REFUSES("Stapling", "maybe", "off, on");
}

static void delays_are_for_the_responder_or_for_a_time(void **state)
{
    ja_settings_t settings = { 0 };

    (void)state;
    assert_null(give(&settings, "ActivationDelay", "ocsp", pool));
    assert_int_equal(settings.delay.kind, JA_DELAY_OCSP);
    assert_int_equal(settings.delay.limit, JA_GATE_OCSP_MAX);
    memset(&settings, 0, sizeof(settings));
    assert_null(give(&settings, "ActivationDelay", "OCSP 30min", pool));
    assert_int_equal(settings.delay.limit, apr_time_from_sec(1800));
    memset(&settings, 0, sizeof(settings));
    assert_null(give(&settings, "ActivationDelay", "5min", pool));
    assert_int_equal(settings.delay.kind, JA_DELAY_TIME);
    TAKES("ActivationDelay", "off");
    TAKES("ActivationDelay", "7d");
    REFUSES("ActivationDelay", "0s", "1s to 7d");
    REFUSES("ActivationDelay", "8d", "1s to 7d");
    REFUSES("ActivationDelay", "10", "1s to 7d");
    REFUSES("ActivationDelay", "10%", "1s to 7d");
    REFUSES("ActivationDelay", "ocsp 10", "1s to 7d");
    REFUSES("ActivationDelay", "ocsp 10min 20min", "1s to 7d");
    REFUSES("ActivationDelay", "off 10min", "off");
    REFUSES("ActivationDelay", "", "ocsp");
}

static void concurrency_is_a_number(void **state)
{
    ja_settings_t settings = { 0 };

    (void)state;
    assert_null(give(&settings, "Concurrency", "1000", pool));
    assert_int_equal(settings.concurrency, 1000);
    TAKES("Concurrency", "1");
    REFUSES("Concurrency", "0", "1 to 1000");
    REFUSES("Concurrency", "1001", "1 to 1000");
    REFUSES("Concurrency", "-1", "1 to 1000");
    REFUSES("Concurrency", "1x", "1 to 1000");
    REFUSES("Concurrency", "4294967297", "1 to 1000");
    REFUSES("Concurrency", "", "1 to 1000");
}

/* config.json relies on it. */
static void what_is_printed_is_read_back_as_the_same(void **state)
{
    static const char *const LINES[][2] = {
        { "Store", "/var/lib/x" },
        { "CA", "jprs" },
        { "CA", "https://ca.example.jp/dir" },
        { "Contact", "a@x.jp b@x.jp" },
        { "Agreement", "accepted" },
        { "ExternalAccount", "none" },
        { "Challenges", "http-01" },
        { "Keys", "p256 rsa2048" },
        { "RenewBefore", "33%" },
        { "RenewBefore", "30d" },
        { "Renew", "manual" },
        { "Activation", "graceful" },
        { "ActivationDelay", "ocsp 30min" },
        { "ActivationDelay", "45s" },
        { "ActivationDelay", "off" },
        { "Stapling", "off" },
        { "Concurrency", "7" },
    };
    ja_settings_t settings;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        memset(&settings, 0, sizeof(settings));
        assert_null(give(&settings, LINES[i][0], LINES[i][1], pool));
        assert_string_equal(printed(&settings, LINES[i][0]), LINES[i][1]);
    }
}

static void long_and_odd_values_are_shown_cut_and_on_one_line(void **state)
{
    char *text = apr_pcalloc(pool, 5001);
    const char *fault;

    (void)state;
    memset(text, 'x', 5000);
    text[1] = '\n';
    fault = said("CA", text);
    assert_non_null(fault);
    assert_null(strchr(fault, '\n'));
    assert_true(strlen(fault) < 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_is_complete_and_its_default_can_be_read),
        TEST(defaults_are_those_that_are_documented),
        TEST(sections_win_over_the_server_and_that_over_defaults),
        TEST(a_directive_is_given_once_in_a_level),
        TEST(stores_are_absolute_paths),
        TEST(cas_are_jprs_or_urls),
        TEST(trust_files_have_to_be_there),
        TEST(contacts_are_one_to_six_mail_addresses),
        TEST(agreement_is_one_word),
        TEST(accounts_are_read_and_never_shown),
        TEST(accounts_of_too_few_or_too_many_words_are_explained),
        TEST(accounts_are_read_from_files),
        TEST(challenges_are_those_of_this_version),
        TEST(keys_are_of_five_kinds),
        TEST(renewal_is_before_expiry_and_after_issuance),
        TEST(words_are_those_that_are_listed),
        TEST(delays_are_for_the_responder_or_for_a_time),
        TEST(concurrency_is_a_number),
        TEST(what_is_printed_is_read_back_as_the_same),
        TEST(long_and_odd_values_are_shown_cut_and_on_one_line),
    };

    return RUN_TESTS(tests);
}
