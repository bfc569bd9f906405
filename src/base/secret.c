#include "base/secret.h"

#include <string.h>

static apr_status_t wipe_at_cleanup(void *data)
{
    ja_secret_t *secret = data;

    ja_secret_wipe(secret->bytes, secret->len);
    secret->len = 0;
    return APR_SUCCESS;
}

ja_secret_t *ja_secret_blank(apr_size_t len, apr_pool_t *pool)
{
    ja_secret_t *secret = apr_palloc(pool, sizeof(*secret));

    secret->bytes = apr_pcalloc(pool, len + 1);
    secret->len = len;
    apr_pool_cleanup_register(pool, secret, wipe_at_cleanup, apr_pool_cleanup_null);
    return secret;
}

ja_secret_t *ja_secret_make(const void *bytes, apr_size_t len, apr_pool_t *pool)
{
    ja_secret_t *secret = ja_secret_blank(len, pool);

    if (len > 0) {
        memcpy(secret->bytes, bytes, len);
    }
    return secret;
}

void ja_secret_wipe(void *bytes, apr_size_t len)
{
    explicit_bzero(bytes, len);
}

int ja_secret_is_equal(const void *a, apr_size_t a_len, const void *b, apr_size_t b_len)
{
    const unsigned char *x = a;
    const unsigned char *y = b;
    unsigned char differs = 0;
    apr_size_t i;

    if (a_len != b_len) {
        return 0;
    }
    for (i = 0; i < a_len; i++) {
        differs |= x[i] ^ y[i];
    }
    return differs == 0;
}
