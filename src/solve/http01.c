#include "solve/http01.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/seqlock.h"

#define TOKEN_MAX      128
#define THUMBPRINT_MAX 64
#define WINDOW         64 /* slots that a token may be in, from its hash on */

typedef struct {
    apr_time_t expires_at; /* 0: free */
    char token[TOKEN_MAX + 8];
    char thumbprint[THUMBPRINT_MAX];
} entry_t;

typedef struct {
    ja_seqword_t sequence;
    ja_seqword_t words[JA_SEQWORDS(sizeof(entry_t))];
} slot_t;

struct ja_http01_table_t {
    apr_uint64_t pending; /* how many slots are in use: nothing is searched while there are none */
    slot_t slots[JA_HTTP01_MAX_PENDING];
};

apr_size_t ja_http01_table_bytes(void)
{
    return sizeof(ja_http01_table_t);
}

/* FNV-1a: spreads tokens over the slots, nothing more. */
static unsigned first_slot(const char *token, apr_size_t len)
{
    apr_uint32_t hash = 2166136261u;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)token[i]) * 16777619u;
    }
    return hash % JA_HTTP01_MAX_PENDING;
}

static void slot_write(slot_t *slot, const entry_t *entry)
{
    ja_seqlock_write(&slot->sequence, slot->words, entry, sizeof(*entry));
}

/* 0 if the slot is being written at this moment: then its token is not pending yet, or not any
 * more. */
static int slot_read(entry_t *entry, const slot_t *slot)
{
    if (!ja_seqlock_read(entry, sizeof(*entry), &slot->sequence, slot->words)) {
        return 0;
    }
    entry->token[sizeof(entry->token) - 1] = '\0';
    entry->thumbprint[sizeof(entry->thumbprint) - 1] = '\0';
    return 1;
}

static slot_t *slot_of(ja_http01_table_t *table, const char *token, apr_size_t len, unsigned step)
{
    return &table->slots[(first_slot(token, len) + step) % JA_HTTP01_MAX_PENDING];
}

static int is_for(const entry_t *entry, const char *token, apr_size_t len)
{
    return entry->expires_at != 0
           && ja_secret_is_equal(entry->token, strlen(entry->token), token, len);
}

/* The slot of a token; where there is none, one that is free, or whose challenge nobody needs any
 * more; NULL if all are taken. */
static slot_t *slot_to_write(ja_http01_table_t *table, const char *token, apr_size_t len)
{
    apr_time_t now = ja_clock_now();
    slot_t *vacant = NULL;
    entry_t entry;
    unsigned step;

    for (step = 0; step < WINDOW; step++) {
        slot_t *slot = slot_of(table, token, len, step);
        int is_torn = !slot_read(&entry, slot); /* its writer was killed */

        if (!is_torn && is_for(&entry, token, len)) {
            return slot;
        }
        if (!vacant && (is_torn || entry.expires_at <= now)) {
            vacant = slot;
        }
    }
    return vacant;
}

ja_err_t *ja_http01_put(ja_http01_table_t *table, const ja_solve_t *what, apr_pool_t *scratch)
{
    apr_size_t len = strlen(what->token);
    entry_t entry;
    entry_t old;
    slot_t *slot;

    if (len == 0 || len > TOKEN_MAX || strlen(what->thumbprint) >= THUMBPRINT_MAX) {
        return ja_err_make(JA_E_INTERNAL, scratch, "a challenge for %s with a token of %d bytes",
                           what->name, (int)len);
    }
    slot = slot_to_write(table, what->token, len);
    if (!slot) {
        return ja_err_make(JA_E_FULL, scratch, "setting up the http-01 challenge for %s",
                           what->name);
    }
    memset(&entry, 0, sizeof(entry));
    entry.expires_at = what->expires_at;
    memcpy(entry.token, what->token, len);
    memcpy(entry.thumbprint, what->thumbprint, strlen(what->thumbprint));
    if (!slot_read(&old, slot) || old.expires_at == 0) {
        __atomic_add_fetch(&table->pending, 1, __ATOMIC_RELEASE);
    }
    slot_write(slot, &entry);
    return NULL;
}

void ja_http01_remove(ja_http01_table_t *table, const char *token)
{
    static const entry_t FREE;
    apr_size_t len = strlen(token);
    entry_t entry;
    slot_t *slot = slot_to_write(table, token, len);

    if (slot && slot_read(&entry, slot) && is_for(&entry, token, len)) {
        slot_write(slot, &FREE);
        __atomic_sub_fetch(&table->pending, 1, __ATOMIC_RELEASE);
    }
}

void ja_http01_clear(ja_http01_table_t *table)
{
    static const entry_t FREE;
    unsigned i;

    if (__atomic_load_n(&table->pending, __ATOMIC_ACQUIRE) == 0) {
        return; /* does not touch the pages of an unused table */
    }
    for (i = 0; i < JA_HTTP01_MAX_PENDING; i++) {
        slot_write(&table->slots[i], &FREE);
    }
    __atomic_store_n(&table->pending, 0, __ATOMIC_RELEASE);
}

int ja_http01_find(char answer[JA_HTTP01_MAX_ANSWER], const ja_http01_table_t *table,
                   const char *token, apr_size_t len, apr_time_t now)
{
    entry_t entry;
    unsigned first;
    unsigned step;

    if (len == 0 || len > TOKEN_MAX || __atomic_load_n(&table->pending, __ATOMIC_ACQUIRE) == 0) {
        return 0;
    }
    first = first_slot(token, len);
    for (step = 0; step < WINDOW; step++) {
        if (slot_read(&entry, &table->slots[(first + step) % JA_HTTP01_MAX_PENDING])
            && is_for(&entry, token, len) && entry.expires_at > now) {
            snprintf(answer, JA_HTTP01_MAX_ANSWER, "%s.%s", entry.token, entry.thumbprint);
            return 1;
        }
    }
    return 0;
}

const char *ja_http01_token(apr_size_t *len, const char *path)
{
    static const char PREFIX[] = "/.well-known/acme-challenge/";
    static const char ALPHABET[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *token;

    if (!path || strncmp(path, PREFIX, sizeof(PREFIX) - 1) != 0) {
        return NULL;
    }
    token = path + sizeof(PREFIX) - 1;
    *len = strspn(token, ALPHABET);
    return *len > 0 && *len <= TOKEN_MAX && token[*len] == '\0' ? token : NULL;
}

static ja_err_t *present(ja_solver_t *solver, const ja_solve_t *what, apr_pool_t *scratch)
{
    return ja_http01_put(solver->impl, what, scratch);
}

static void withdraw(ja_solver_t *solver, const ja_solve_t *what)
{
    ja_http01_remove(solver->impl, what->token);
}

ja_solver_t *ja_http01_solver(ja_http01_table_t *table, apr_pool_t *pool)
{
    ja_solver_t *solver = apr_pcalloc(pool, sizeof(*solver));

    solver->type = "http-01";
    solver->impl = table;
    solver->present = present;
    solver->withdraw = withdraw;
    return solver;
}
