#include "issue/handover.h"

#include <string.h>

#include "base/secret.h"

/* Room for records: what changes between two restarts, not all that is live. */
#define ROOM_MIN    (1024 * 1024)
#define ROOM_EACH   (32 * 1024)
#define ROOM_MAX    (64 * 1024 * 1024)
#define RECORD_UNIT 8

typedef struct {
    apr_uint32_t word; /* ja_handover_word_t */
    apr_uint32_t unused;
    apr_uint64_t edition; /* where the record begins in the room, and 1 */
} row_t;

typedef struct {
    apr_uint64_t rings;
    row_t rows[];
} memory_t;

struct ja_handover_t {
    memory_t *memory;
    unsigned char *room;
    apr_size_t room_bytes;
    int n_domains;
    apr_uint64_t rings; /* the parent's: how many it has heard    */
    apr_size_t used;    /* the parent's: where the next record is */
};

static apr_size_t head_bytes(int n_domains)
{
    return sizeof(memory_t) + (apr_size_t)n_domains * sizeof(row_t);
}

static apr_size_t room_bytes(int n_domains)
{
    apr_size_t bytes = ROOM_MIN + (apr_size_t)n_domains * ROOM_EACH;

    return bytes < ROOM_MAX ? bytes : ROOM_MAX;
}

apr_size_t ja_handover_bytes(int n_domains)
{
    return head_bytes(n_domains) + room_bytes(n_domains);
}

ja_handover_t *ja_handover_make(void *memory, int n_domains, apr_pool_t *pool)
{
    ja_handover_t *handover = apr_pcalloc(pool, sizeof(*handover));

    handover->memory = memory;
    handover->room = (unsigned char *)memory + head_bytes(n_domains);
    handover->room_bytes = room_bytes(n_domains);
    handover->n_domains = n_domains;
    return handover;
}

/* ---- words ----------------------------------------------------------------------------------- */

static row_t *row_at(const ja_handover_t *handover, int i)
{
    return i >= 0 && i < handover->n_domains ? &handover->memory->rows[i] : NULL;
}

ja_handover_word_t ja_handover_word(const ja_handover_t *handover, int i)
{
    const row_t *row = row_at(handover, i);
    apr_uint32_t word = row ? __atomic_load_n(&row->word, __ATOMIC_ACQUIRE) : 0;

    return word < JA_HANDOVER_COUNT ? (ja_handover_word_t)word : JA_HANDOVER_NOTHING;
}

static void say(ja_handover_t *handover, int i, ja_handover_word_t word)
{
    row_t *row = row_at(handover, i);

    if (row) {
        __atomic_store_n(&row->word, (apr_uint32_t)word, __ATOMIC_RELEASE);
    }
}

void ja_handover_offer(ja_handover_t *handover, int i)
{
    say(handover, i, JA_HANDOVER_READY);
    __atomic_add_fetch(&handover->memory->rings, 1, __ATOMIC_RELEASE);
}

void ja_handover_settle(ja_handover_t *handover, int i)
{
    say(handover, i, JA_HANDOVER_NOTHING);
}

int ja_handover_has_rung(ja_handover_t *handover)
{
    apr_uint64_t rings = __atomic_load_n(&handover->memory->rings, __ATOMIC_ACQUIRE);
    int has_rung = rings != handover->rings;

    handover->rings = rings;
    return has_rung;
}

void ja_handover_answer(ja_handover_t *handover, int i, ja_handover_word_t word)
{
    say(handover, i, word);
}

/* ---- records: their length, then the bytes --------------------------------------------------- */

ja_err_t *ja_handover_publish(ja_handover_t *handover, int i, const void *bytes, apr_size_t len,
                              apr_pool_t *scratch)
{
    row_t *row = row_at(handover, i);
    apr_uint64_t length = len;
    unsigned char *record = handover->room + handover->used;
    apr_size_t needed = sizeof(length) + (len + RECORD_UNIT - 1) / RECORD_UNIT * RECORD_UNIT;

    if (!row || len > JA_HANDOVER_MAX_RECORD) {
        return ja_err_make(JA_E_TOO_LARGE, scratch, "publishing %" APR_SIZE_T_FMT " bytes", len);
    }
    if (needed > handover->room_bytes - handover->used) {
        return ja_err_make(JA_E_ROOM_FULL, scratch,
                           "%" APR_SIZE_T_FMT " of %" APR_SIZE_T_FMT " bytes are in use",
                           handover->used, handover->room_bytes);
    }
    memcpy(record, &length, sizeof(length));
    memcpy(record + sizeof(length), bytes, len);
    __atomic_store_n(&row->edition, handover->used + 1, __ATOMIC_RELEASE);
    handover->used += needed;
    return NULL;
}

apr_uint64_t ja_handover_edition(const ja_handover_t *handover, int i)
{
    const row_t *row = row_at(handover, i);

    return row ? __atomic_load_n(&row->edition, __ATOMIC_ACQUIRE) : 0;
}

ja_err_t *ja_handover_read(ja_bytes_t *bytes, const ja_handover_t *handover, apr_uint64_t edition,
                           apr_pool_t *pool)
{
    apr_size_t room = handover->room_bytes;
    apr_uint64_t start = edition - 1;
    apr_uint64_t length = 0;
    int is_inside =
        edition != 0 && start % RECORD_UNIT == 0 && start < room && room - start >= sizeof(length);
    ja_secret_t *copy;

    if (is_inside) {
        memcpy(&length, handover->room + start, sizeof(length));
    }
    if (!is_inside || length == 0 || length > JA_HANDOVER_MAX_RECORD
        || length > room - start - sizeof(length)) {
        return ja_err_make(JA_E_UNTRUSTED, pool, "there is no record %" APR_UINT64_T_FMT, edition);
    }
    copy = ja_secret_make(handover->room + start + sizeof(length), (apr_size_t)length, pool);
    bytes->bytes = (const char *)copy->bytes;
    bytes->len = copy->len;
    return NULL;
}
