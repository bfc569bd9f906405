#include "issue/staple_table.h"

#include <stddef.h>
#include <string.h>

#include <apr_escape.h>

#include "base/seqlock.h"

/* A response is written in about a microsecond. Who meets it in that moment looks again so many
 * times: a certificate that has to be stapled is no good without. */
#define TRIES 100

typedef struct {
    apr_time_t until; /* 0: free */
    apr_uint64_t len;
    unsigned char digest[JA_STAPLE_DIGEST];
} head_t;

typedef struct {
    head_t head;
    char der[JA_STAPLE_MAX];
} entry_t;

_Static_assert(offsetof(entry_t, der) == sizeof(head_t), "the head is a part that can be read");

typedef struct {
    ja_seqword_t sequence;
    ja_seqword_t words[JA_SEQWORDS(sizeof(entry_t))];
} slot_t;

apr_size_t ja_staple_table_bytes(int n_domains, int per_domain)
{
    return sizeof(slot_t) * (apr_size_t)n_domains * (apr_size_t)per_domain;
}

void ja_staple_table_init(ja_staple_table_t *table, void *memory, int n_domains, int per_domain)
{
    table->memory = memory;
    table->n_domains = n_domains;
    table->per_domain = per_domain;
}

/* The slots of a domain, per_domain of them; NULL if there is no such domain. */
static slot_t *slots_of(const ja_staple_table_t *table, int domain_index)
{
    if (domain_index < 0 || domain_index >= table->n_domains) {
        return NULL;
    }
    return (slot_t *)table->memory + (apr_size_t)domain_index * (apr_size_t)table->per_domain;
}

static int read_head(head_t *head, const slot_t *slot)
{
    return ja_seqlock_read(head, sizeof(*head), &slot->sequence, slot->words);
}

static int is_for(const head_t *head, const unsigned char digest[JA_STAPLE_DIGEST])
{
    return head->until != 0 && memcmp(head->digest, digest, JA_STAPLE_DIGEST) == 0;
}

static int parse_digest(unsigned char digest[JA_STAPLE_DIGEST], const char *hex)
{
    apr_size_t len;

    return strlen(hex) == (apr_size_t)2 * JA_STAPLE_DIGEST
           && apr_unescape_hex(digest, hex, APR_ESCAPE_STRING, 0, &len) == APR_SUCCESS
           && len == JA_STAPLE_DIGEST;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The slot that has a digest, or NULL. */
static slot_t *find_slot(slot_t *slots, int count, const unsigned char digest[JA_STAPLE_DIGEST])
{
    head_t head;
    int i;

    for (i = 0; i < count; i++) {
        if (read_head(&head, &slots[i]) && is_for(&head, digest)) {
            return &slots[i];
        }
    }
    return NULL;
}

/* The slot that is the least loss: a free one ends first of all, and what a killed writer has left
 * in pieces is as good as free. */
static slot_t *slot_to_spare(slot_t *slots, int count)
{
    slot_t *spare = &slots[0];
    apr_time_t first = 0;
    head_t head;
    int i;

    for (i = 0; i < count; i++) {
        apr_time_t until = read_head(&head, &slots[i]) ? head.until : 0;

        if (i == 0 || until < first) {
            spare = &slots[i];
            first = until;
        }
    }
    return spare;
}

ja_err_t *ja_staple_table_put(const ja_staple_table_t *table, int domain_index,
                              const char *sha256_hex, const void *der, apr_size_t len,
                              apr_time_t until, apr_pool_t *scratch)
{
    slot_t *slots = slots_of(table, domain_index);
    slot_t *slot;
    entry_t entry;

    if (!slots || table->per_domain < 1 || !parse_digest(entry.head.digest, sha256_hex)) {
        return ja_err_make(JA_E_INTERNAL, scratch, "an OCSP response for \"%s\" at place %d of %d",
                           sha256_hex, domain_index, table->n_domains);
    }
    if (len > JA_STAPLE_MAX) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "the OCSP response has %" APR_SIZE_T_FMT
                           " bytes; at most %d are served with a certificate",
                           len, JA_STAPLE_MAX);
    }
    entry.head.until = until;
    entry.head.len = len;
    memcpy(entry.der, der, len);
    slot = find_slot(slots, table->per_domain, entry.head.digest);
    if (!slot) {
        slot = slot_to_spare(slots, table->per_domain);
    }
    ja_seqlock_write(&slot->sequence, slot->words, &entry, sizeof(entry.head) + len);
    return NULL;
}

static int is_among(const head_t *head, const apr_array_header_t *sha256_hex)
{
    unsigned char digest[JA_STAPLE_DIGEST];
    int i;

    for (i = 0; i < sha256_hex->nelts; i++) {
        if (parse_digest(digest, APR_ARRAY_IDX(sha256_hex, i, const char *))
            && is_for(head, digest)) {
            return 1;
        }
    }
    return 0;
}

void ja_staple_table_keep(const ja_staple_table_t *table, int domain_index,
                          const apr_array_header_t *sha256_hex)
{
    static const head_t FREE;
    slot_t *slots = slots_of(table, domain_index);
    head_t head;
    int i;

    for (i = 0; slots && i < table->per_domain; i++) {
        if (read_head(&head, &slots[i]) && head.until != 0 && !is_among(&head, sha256_hex)) {
            ja_seqlock_write(&slots[i].sequence, slots[i].words, &FREE, sizeof(FREE));
        }
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef enum {
    READ_OTHER, /* no response for that certificate that holds */
    READ_TORN,  /* being written */
    READ_IT
} read_t;

static read_t read_slot(entry_t *entry, const slot_t *slot,
                        const unsigned char digest[JA_STAPLE_DIGEST], apr_time_t now)
{
    head_t head;

    if (!read_head(&head, slot)) {
        return READ_TORN;
    }
    if (!is_for(&head, digest) || head.until <= now || head.len == 0 || head.len > JA_STAPLE_MAX) {
        return READ_OTHER;
    }
    if (!ja_seqlock_read(entry, sizeof(head) + (apr_size_t)head.len, &slot->sequence,
                         slot->words)) {
        return READ_TORN;
    }
    /* Another one may have been written since the head was read. */
    return memcmp(&entry->head, &head, sizeof(head)) == 0 ? READ_IT : READ_TORN;
}

int ja_staple_table_get(char buffer[JA_STAPLE_MAX], apr_size_t *len, const ja_staple_table_t *table,
                        int domain_index, const unsigned char digest[JA_STAPLE_DIGEST],
                        apr_time_t now)
{
    const slot_t *slots = slots_of(table, domain_index);
    int is_torn = slots != NULL;
    entry_t entry;
    int tries, i;

    for (tries = 0; is_torn && tries < TRIES; tries++) {
        is_torn = 0;
        for (i = 0; i < table->per_domain; i++) {
            read_t read = read_slot(&entry, &slots[i], digest, now);

            if (read == READ_IT) {
                *len = (apr_size_t)entry.head.len;
                memcpy(buffer, entry.der, *len);
                return 1;
            }
            is_torn |= read == READ_TORN;
        }
    }
    return 0;
}
