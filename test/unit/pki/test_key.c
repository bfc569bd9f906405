#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

static void each_kind_is_made_and_known(void **state)
{
    static const struct {
        ja_key_spec_t spec;
        const char *name;
    } KINDS[] = {
        { JA_KEY_RSA2048, "rsa2048" },
        { JA_KEY_P256, "p256" },
        { JA_KEY_P384, "p384" },
    };
    ja_key_t *key;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        works(ja_key_make(&key, KINDS[i].spec, NULL, pool, pool));
        assert_int_equal(ja_key_spec(key), KINDS[i].spec);
        assert_string_equal(ja_enumstr_print(&ja_key_spec_names, KINDS[i].spec), KINDS[i].name);
    }
}

static void a_kind_out_of_range_is_an_error(void **state)
{
    ja_key_t *key;

    (void)state;
    fails(ja_key_make(&key, JA_KEY_SPEC_COUNT, NULL, pool, pool), JA_E_INTERNAL, "number 5");
    fails(ja_key_make(&key, (ja_key_spec_t)-1, NULL, pool, pool), JA_E_INTERNAL, "number -1");
}

static void a_cancelled_key_is_not_begun(void **state)
{
    const volatile int cancelled = 1;
    ja_key_t *key;

    (void)state;
    fails(ja_key_make(&key, JA_KEY_P256, &cancelled, pool, pool), JA_E_STOPPED, "p256");
}

/* Cancels once the making thread has worked for two milliseconds, when it is in the middle of
 * RSA-4096. Should that ever have been enough to make one, another is made. */
static volatile int cancelled;

static apr_int64_t worked_ns(clockid_t clock)
{
    struct timespec at;

    clock_gettime(clock, &at);
    return at.tv_sec * APR_INT64_C(1000000000) + at.tv_nsec;
}

static void *cancel(void *maker_clock)
{
    clockid_t clock = *(clockid_t *)maker_clock;
    apr_int64_t began_ns = worked_ns(clock);

    while (worked_ns(clock) < began_ns + 2000000) {
        sched_yield();
    }
    cancelled = 1;
    return NULL;
}

static void rsa_is_cancelled_midway(void **state)
{
    pthread_t thread;
    clockid_t clock;
    ja_key_t *key;
    ja_err_t *err = NULL;
    int tries;

    (void)state;
    assert_int_equal(pthread_getcpuclockid(pthread_self(), &clock), 0);
    for (tries = 0; !err && tries < 10; tries++) {
        cancelled = 0;
        assert_int_equal(pthread_create(&thread, NULL, cancel, &clock), 0);
        err = ja_key_make(&key, JA_KEY_RSA4096, &cancelled, pool, pool);
        while (!cancelled) {
            sched_yield();
        }
        pthread_join(thread, NULL);
    }
    fails(err, JA_E_STOPPED, "rsa4096");
}

static void what_is_written_is_read(void **state)
{
    ja_key_t *key = p256_key();
    ja_key_t *again;
    ja_secret_t *pem;
    const char *padded;

    (void)state;
    works(ja_key_print(&pem, key, pool, pool));
    assert_int_equal(strncmp((const char *)pem->bytes, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    assert_int_equal(strlen((const char *)pem->bytes), pem->len);
    works(ja_key_parse(&again, (const char *)pem->bytes, pem->len, pool, pool));
    assert_int_equal(EVP_PKEY_eq(ja_key_evp(key), ja_key_evp(again)), 1);
    padded = apr_pstrcat(pool, "\r\n ", (const char *)pem->bytes, "\n\n", NULL);
    works(ja_key_parse(&again, padded, strlen(padded), pool, pool));
}

/* PEM of any key, of the kind that openssl(1) would name. */
static const char *pem_of_kind(const char *algorithm, size_t bits, const char *group)
{
    EVP_PKEY *pkey = group  ? EVP_PKEY_Q_keygen(NULL, NULL, algorithm, group)
                     : bits ? EVP_PKEY_Q_keygen(NULL, NULL, algorithm, bits)
                            : EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
    BIO *bio = BIO_new(BIO_s_mem());
    const char *pem;
    char *bytes;
    long len;

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
    len = BIO_get_mem_data(bio, &bytes);
    pem = apr_pstrmemdup(pool, bytes, (apr_size_t)len);
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return pem;
}

static void other_kinds_are_refused(void **state)
{
    const char *pem;
    ja_key_t *key;

    (void)state;
    pem = pem_of_kind("RSA", 1024, NULL);
    fails(ja_key_parse(&key, pem, strlen(pem), pool, pool), JA_E_SYNTAX, "RSA with 1024 bits");
    pem = pem_of_kind("EC", 0, "secp256k1");
    fails(ja_key_parse(&key, pem, strlen(pem), pool, pool), JA_E_SYNTAX, "EC with 256 bits");
    pem = pem_of_kind("ED25519", 0, NULL);
    fails(ja_key_parse(&key, pem, strlen(pem), pool, pool), JA_E_SYNTAX, "rsa2048, ");
}

static void what_is_no_pkcs8_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "garbage",
        "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\naGVsbG8=\n-----END EC PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n",
    };
    ja_key_t *key;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        fails(ja_key_parse(&key, TEXTS[i], strlen(TEXTS[i]), pool, pool), JA_E_SYNTAX,
              "PRIVATE KEY");
    }
}

static void two_keys_and_huge_ones_are_refused(void **state)
{
    ja_secret_t *pem;
    ja_key_t *key;
    const char *text;

    (void)state;
    works(ja_key_print(&pem, p256_key(), pool, pool));
    text = apr_pstrcat(pool, (const char *)pem->bytes, (const char *)pem->bytes, NULL);
    fails(ja_key_parse(&key, text, strlen(text), pool, pool), JA_E_SYNTAX, "more than one");
    text = apr_psprintf(pool, "%s%16384s", (const char *)pem->bytes, "");
    fails(ja_key_parse(&key, text, strlen(text), pool, pool), JA_E_SYNTAX,
          "bytes are no private key");
}

/* Whatever byte is cut off or changed: an error or a key, never a crash. */
static void damaged_keys_do_no_harm(void **state)
{
    apr_pool_t *each;
    ja_secret_t *pem;
    ja_key_t *key;
    apr_size_t i;

    (void)state;
    works(ja_key_print(&pem, p256_key(), pool, pool));
    apr_pool_create(&each, pool);
    for (i = 0; i + 1 < pem->len; i++) {
        assert_true(i + 2 == pem->len
                    || ja_key_parse(&key, (const char *)pem->bytes, i, each, each));
        pem->bytes[i] ^= 1;
        (void)!ja_key_parse(&key, (const char *)pem->bytes, pem->len, each, each);
        pem->bytes[i] ^= 1;
        apr_pool_clear(each);
    }
}

static void secrets_are_not_in_messages(void **state)
{
    ja_secret_t *pem;
    ja_key_t *key;
    char body[17] = { 0 };
    ja_err_t *err;

    (void)state;
    works(ja_key_print(&pem, p256_key(), pool, pool));
    memcpy(body, pem->bytes + 100, 16);
    pem->bytes[80] = '!';
    err = ja_key_parse(&key, (const char *)pem->bytes, pem->len, pool, pool);
    assert_non_null(err);
    assert_null(strstr(ja_err_text(err, pool), body));
}

static void the_hash_goes_with_the_key(void **state)
{
    ja_key_t *key;

    (void)state;
    assert_true(EVP_MD_is_a(ja_key_md(p256_key()), "SHA256"));
    works(ja_key_make(&key, JA_KEY_P384, NULL, pool, pool));
    assert_true(EVP_MD_is_a(ja_key_md(key), "SHA384"));
    assert_int_equal(ja_key_evp_spec(NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_is_made_and_known),  TEST(a_kind_out_of_range_is_an_error),
        TEST(a_cancelled_key_is_not_begun), TEST(rsa_is_cancelled_midway),
        TEST(what_is_written_is_read),      TEST(other_kinds_are_refused),
        TEST(what_is_no_pkcs8_is_refused),  TEST(two_keys_and_huge_ones_are_refused),
        TEST(damaged_keys_do_no_harm),      TEST(secrets_are_not_in_messages),
        TEST(the_hash_goes_with_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
