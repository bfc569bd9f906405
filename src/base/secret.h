/* base/secret: bytes that must not be seen. Their own type keeps them out of every function that
 * prints: none takes it. The bytes are wiped when the pool goes. */
#ifndef JA_BASE_SECRET_H
#define JA_BASE_SECRET_H

#include <apr_pools.h>

typedef struct {
    unsigned char *bytes; /* with a NUL behind the last one, so that text can be used as text */
    apr_size_t len;       /* without that NUL */
} ja_secret_t;

/* A copy of `len` bytes in `pool`, wiped with it. The caller wipes his own. */
ja_secret_t *ja_secret_make(const void *bytes, apr_size_t len, apr_pool_t *pool);

/* `len` zero bytes to be filled in. */
ja_secret_t *ja_secret_blank(apr_size_t len, apr_pool_t *pool);

/* Overwrite a buffer in a way the compiler does not remove. */
void ja_secret_wipe(void *bytes, apr_size_t len);

/* Equal in length and content? Takes the same time whatever differs. */
int ja_secret_is_equal(const void *a, apr_size_t a_len, const void *b, apr_size_t b_len);

#endif
