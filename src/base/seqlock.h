/* base/seqlock: bytes in shared memory that one process writes while others read them, without a
 * lock that a killed process could leave held. A number beside the bytes is odd while they are
 * written and another one afterwards; who reads copies them and looks at the number again.
 *
 * The bytes are copied in words, so that reader and writer never race on a plain object. All zero
 * is a good state: nothing has been written yet. */
#ifndef JA_BASE_SEQLOCK_H
#define JA_BASE_SEQLOCK_H

#include <apr.h>

typedef apr_uint64_t ja_seqword_t;

/* How many words hold `BYTES` bytes. */
#define JA_SEQWORDS(BYTES) (((BYTES) + sizeof(ja_seqword_t) - 1) / sizeof(ja_seqword_t))

/* Put `len` bytes in the place of what is in `words`, which has JA_SEQWORDS(len) words at least; of
 * the last word the rest becomes zero. One writer at a time. A writer that is killed in the middle
 * leaves what no reader takes, and what the next one writes over. */
void ja_seqlock_write(ja_seqword_t *sequence, ja_seqword_t *words, const void *bytes,
                      apr_size_t len);

/* The first `len` bytes of `words`, as one writer left them. 0: they were being written; then what
 * is in `bytes` says nothing. */
int ja_seqlock_read(void *bytes, apr_size_t len, const ja_seqword_t *sequence,
                    const ja_seqword_t *words);

#endif
