/* base/rand: randomness that decides nothing about security: jitter. Keys take theirs from OpenSSL.
 */
#ifndef JA_BASE_RAND_H
#define JA_BASE_RAND_H

/* A number in [0, 1). From apr_generate_random_bytes; a fixed 0.5 if that fails. */
double ja_rand_unit(void);

#endif
