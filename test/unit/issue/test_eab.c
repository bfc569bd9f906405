#include "../base/check.h"
#include "../store/tree.h"

#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "issue/eab.h"

#define HMAC "c2VjcmV0LXNlY3JldC1zZWNyZXQ_" /* "secret-secret-secret?" */

static const char *path; /* of the file that a test reads */

/* A file with that text and mode; read by the next FAILS or WORKS. */
static void put(const char *text, mode_t mode)
{
    path = tree_path(pool, "%s/eab", tree_dir(pool));
    tree_put(path, text);
    assert_int_equal(chmod(path, mode), 0);
}

static ja_err_t *parse(ja_eab_t **eab, const char *kid, const char *hmac)
{
    const ja_eab_text_t text = { .kid = kid, .hmac = hmac };

    return ja_eab_parse(eab, &text, pool, pool);
}

static void two_words_are_read(void **state)
{
    ja_eab_t *eab;

    (void)state;
    WORKS(parse(&eab, "kid-1", HMAC));
    assert_string_equal(eab->kid, "kid-1");
    assert_int_equal(eab->hmac->len, 21);
    assert_memory_equal(eab->hmac->bytes, "secret-secret-secret?", 21);
    assert_int_equal(eab->issued_at, 0);
}

/* Whatever is wrong with a key, no part of it is in the message. */
static void bad_keys_are_refused_and_not_shown(void **state)
{
    static const struct {
        const char *hmac;
        const char *why;
    } CASES[] = {
        { "SECRETSECRETSECRETSECRET+A", "\"+\" at position 25, so it is standard base64" },
        { "SECRETSECRETSECRETSECRET/A", "\"/\" at position 25" },
        { "SECRETSECRETSECRETSECRETAA==", "padding" },
        { "SECRETSECRETSECRETSECRET!A", "not base64url" },
        { "SECRETSECRETSECRET SECRETA", "a blank at position 19" },
        { "\"SECRETSECRETSECRETSECRET\"", "a quote at position 1" },
        { "SECRETSECRETSECRETSECRETA", "not base64url" },
        { "SECRETSECRETSECRETSE", "only 15 bytes; at least 16" },
        { "", "only 0 bytes" },
    };
    ja_eab_t *eab;
    ja_err_t *err;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        FAILS(parse(&eab, "kid", CASES[i].hmac), JA_E_CONFIG, CASES[i].why);
        err = parse(&eab, "kid", CASES[i].hmac);
        assert_null(strstr(ja_err_text(err, pool), "SECRET"));
    }
}

static void bad_key_ids_are_refused(void **state)
{
    char *longest = apr_pcalloc(pool, JA_EAB_MAX_KID + 2);
    ja_eab_t *eab;

    (void)state;
    FAILS(parse(&eab, "", HMAC), JA_E_CONFIG, "0 characters");
    FAILS(parse(&eab, "a b", HMAC), JA_E_CONFIG, "blank");
    FAILS(parse(&eab, "\xef\xbb\xbfkid", HMAC), JA_E_CONFIG, "byte order mark");
    memset(longest, 'k', JA_EAB_MAX_KID + 1);
    FAILS(parse(&eab, longest, HMAC), JA_E_CONFIG, "257 characters");
    longest[JA_EAB_MAX_KID] = '\0';
    WORKS(parse(&eab, longest, HMAC));
}

static void files_are_read_in_every_form(void **state)
{
    static const char *const TEXTS[] = {
        "kid:1\n" HMAC "\n",
        "# from the reseller\r\n\r\n  kid:1  \r\n" HMAC "\r\n",
        "kid: kid:1\nhmac: " HMAC "\n",
        "HMAC:" HMAC "\n# comment\nKID : kid:1",
        "{\"kid\": \"kid:1\", \"hmac\": \"" HMAC "\"}",
        "\n{ \"hmac\": \"" HMAC "\",\n \"kid\": \"kid:1\", \"other\": 1 }\n",
    };
    ja_eab_t *eab;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        /* "kid:1" as a first line is a labelled "1": no key id of that form without a label. */
        put(TEXTS[i], 0600);
        WORKS(ja_eab_read(&eab, path, pool, pool));
        assert_string_equal(eab->kid, i < 2 ? "1" : "kid:1");
        assert_int_equal(eab->hmac->len, 21);
        assert_true(eab->issued_at > 0); /* the file's time */
    }
}

static void the_date_of_issue_is_read(void **state)
{
    ja_eab_t *eab;

    (void)state;
    put("k1\n" HMAC "\nissued: 2026-11-22\n", 0600);
    WORKS(ja_eab_read(&eab, path, pool, pool));
    assert_int_equal(eab->issued_at, apr_time_from_sec(1795305600));
    put("{\"kid\":\"k\",\"hmac\":\"" HMAC "\",\"issued\":\"2026-11-22\"}", 0400);
    WORKS(ja_eab_read(&eab, path, pool, pool));
    assert_int_equal(eab->issued_at, apr_time_from_sec(1795305600));
    put("k1\n" HMAC "\nissued: yesterday\n", 0600);
    FAILS(ja_eab_read(&eab, path, pool, pool), JA_E_CONFIG, "YYYY-MM-DD");
    assert_int_equal(ja_eab_date("2026-11-22", pool), apr_time_from_sec(1795305600));
    assert_int_equal(ja_eab_date("2026-13-22", pool), 0);
    assert_int_equal(ja_eab_date("2026-11-2", pool), 0);
    assert_int_equal(ja_eab_date("2026-11-22T00:00:00Z", pool), 0);
}

static void bad_files_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } CASES[] = {
        { "", "key id is missing" },
        { "# nothing\n", "key id is missing" },
        { "kid\n", "HMAC key is missing" },
        { "hmac: " HMAC "\n", "key id is missing" },
        { "\nkid SECRETSECRETSECRETSECRETAA\n",
          "line 2: key id and HMAC key seem to be on one line" },
        { "kid=a\nhmac=" HMAC "\n",
          "line 1: \"=\" is behind \"kid\"; write a colon: \"kid: ...\"" },
        { "kid: a\nHMAC = " HMAC "\n", "line 2: \"=\" is behind \"hmac\"" },
        { "\"kid\"\n" HMAC "\n", "line 1: the key id has a quote at position 1" },
        { HMAC "\n01234567-89ab-cdef-0123-456789abcdef\n", "interchanged" },
        { "kid\n" HMAC "\n" HMAC "\n", "line 3: the line before seems to go on here" },
        { "kid\nSECRETSECRET\nSECRETSECRET\n", "line 3: the line before seems to go on" },
        { "kid: a\nkid: b\n", "line 2: it says too much" },
        { "hmac:\n" HMAC "\nkid: a\n", "line 1: there is nothing behind \"hmac:\"" },
        { "# a\r\n\r\nki d\r\n" HMAC "\r\n", "line 3: the key id has a blank" },
        { "kid\n\rSECRETSECRETSECRETSECRETAA==\n", "line 3: the HMAC key has padding" },
        { "hmac: SECRET\u3000SECRET\nkid: a", "line 1: the HMAC key has a full-width blank" },
        { HMAC "\nkid\n", "interchanged" },
        { "\xef\xbb\xbfkid\n" HMAC "\n", "byte order mark" },
        { "\xef\xbb\xbf{\"kid\": \"a\"}", "without BOM" },
        { "\xff\xfek", "UTF-16" },
        { "{\"kid\": \"SECRETSECRET", "not valid JSON" },
        { "{\"kid\": \"a\"}", "HMAC key is missing" },
        { "kid\nSHRT\n", "line 2: the HMAC key has only 3 bytes" },
    };
    ja_eab_t *eab;
    ja_err_t *err;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        put(CASES[i].text, 0600);
        FAILS(ja_eab_read(&eab, path, pool, pool), JA_E_CONFIG, CASES[i].why);
        err = ja_eab_read(&eab, path, pool, pool);
        assert_non_null(strstr(ja_err_text(err, pool), path));
        assert_null(strstr(ja_err_text(err, pool), "SECRET"));
    }
}

static void files_that_are_no_files_of_ours_are_refused(void **state)
{
    char *large = apr_pcalloc(pool, JA_EAB_MAX_FILE_BYTES + 2);
    const char *dir = tree_dir(pool);
    ja_eab_t *eab;

    (void)state;
    put("kid\n" HMAC "\n", 0640);
    FAILS(ja_eab_read(&eab, path, pool, pool), JA_E_CONFIG, "0640");
    put("kid\n" HMAC "\n", 0604);
    FAILS(ja_eab_read(&eab, path, pool, pool), JA_E_CONFIG, "chmod 600");
    memset(large, '#', JA_EAB_MAX_FILE_BYTES + 1);
    put(large, 0600);
    FAILS(ja_eab_read(&eab, path, pool, pool), JA_E_CONFIG, "4096");
    FAILS(ja_eab_read(&eab, dir, pool, pool), JA_E_CONFIG, "regular");
    FAILS(ja_eab_read(&eab, tree_path(pool, "%s/none", dir), pool, pool), JA_E_NOT_FOUND,
          "No such file");
    path = tree_path(pool, "%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    FAILS(ja_eab_read(&eab, path, pool, pool), JA_E_CONFIG, "regular");
}

static void bindings_are_compared_without_their_date(void **state)
{
    ja_eab_t *a, *b, *c;

    (void)state;
    WORKS(parse(&a, "kid", HMAC));
    WORKS(parse(&b, "kid", HMAC));
    WORKS(parse(&c, "kid", HMAC "AAAA"));
    b->issued_at = 1;
    assert_true(ja_eab_is_equal(a, b));
    assert_false(ja_eab_is_equal(a, c));
    assert_false(ja_eab_is_equal(a, NULL));
    assert_false(ja_eab_is_equal(NULL, a));
    assert_true(ja_eab_is_equal(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_words_are_read),
        TEST(bad_keys_are_refused_and_not_shown),
        TEST(bad_key_ids_are_refused),
        TEST(files_are_read_in_every_form),
        TEST(the_date_of_issue_is_read),
        TEST(bad_files_are_refused),
        TEST(files_that_are_no_files_of_ours_are_refused),
        TEST(bindings_are_compared_without_their_date),
    };

    return RUN_TESTS(tests);
}
