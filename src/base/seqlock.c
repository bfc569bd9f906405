#include "base/seqlock.h"

#include <string.h>

#define WORD sizeof(ja_seqword_t)

/* The bytes of a word that begin at `at`: all of them but in the last one. */
static apr_size_t bytes_at(apr_size_t at, apr_size_t len)
{
    return len - at < WORD ? len - at : WORD;
}

void ja_seqlock_write(ja_seqword_t *sequence, ja_seqword_t *words, const void *bytes,
                      apr_size_t len)
{
    ja_seqword_t odd = __atomic_load_n(sequence, __ATOMIC_RELAXED) | 1;
    apr_size_t at;

    __atomic_store_n(sequence, odd, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    for (at = 0; at < len; at += WORD) {
        ja_seqword_t word = 0;

        memcpy(&word, (const char *)bytes + at, bytes_at(at, len));
        __atomic_store_n(&words[at / WORD], word, __ATOMIC_RELAXED);
    }
    __atomic_store_n(sequence, odd + 1, __ATOMIC_RELEASE);
}

int ja_seqlock_read(void *bytes, apr_size_t len, const ja_seqword_t *sequence,
                    const ja_seqword_t *words)
{
    ja_seqword_t before = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);
    apr_size_t at;

    if (before & 1) {
        return 0;
    }
    for (at = 0; at < len; at += WORD) {
        ja_seqword_t word = __atomic_load_n(&words[at / WORD], __ATOMIC_RELAXED);

        memcpy((char *)bytes + at, &word, bytes_at(at, len));
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(sequence, __ATOMIC_RELAXED) == before;
}
