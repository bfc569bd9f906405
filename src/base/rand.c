#include "base/rand.h"

#include <apr_general.h>

/* As many bits as the fraction of a double holds: more would round up to 1. */
#define BITS 53

double ja_rand_unit(void)
{
    apr_uint64_t bits;

    if (apr_generate_random_bytes((unsigned char *)&bits, sizeof(bits)) != APR_SUCCESS) {
        return 0.5;
    }
    return (double)(bits >> (64 - BITS)) / (double)((apr_uint64_t)1 << BITS);
}
