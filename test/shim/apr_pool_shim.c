/* Makes APR pools visible to AddressSanitizer and valgrind.
 *
 * A pool hands out pieces of large blocks that it keeps, so an overflow of one piece into the next
 * and a use after the pool is gone touch memory that is perfectly valid to the tools. Here each
 * allocation is a malloc block of its own, freed when the outermost apr_pool_clear or
 * apr_pool_destroy returns: until then cleanups, sub-pools and APR's own lists may still use it.
 *
 * Works by symbol interposition: linked into a program, or loaded by LD_PRELOAD after the
 * sanitizer's own library (the whole httpd then too):
 *     LD_PRELOAD="$(gcc -print-file-name=libasan.so) test/shim/.libs/preload.so" apache2 ...
 * Not for production: each piece costs a lock.
 *
 * Not seen: the few places where APR takes memory from an allocator itself (bucket allocators, the
 * pool structures). All of apr_palloc's callers are seen, and apr_psprintf, which in APR bypasses
 * it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#define BUCKETS 4093

/* One allocation. The pointer is apart from the memory: nothing of ours lies next to it. */
typedef struct piece_t {
    struct piece_t *next;
    void *mem;
} piece_t;

/* The allocations of one pool, latest first. */
typedef struct owner_t {
    struct owner_t *next;
    apr_pool_t *pool;
    piece_t *pieces;
} owner_t;

static owner_t *owners[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What this thread frees when it leaves the outermost clear or destroy, and how deep it is. */
static _Thread_local owner_t *dead;
static _Thread_local unsigned depth;

/* The place of the pool's owner, or where it would be appended. The caller has the lock. */
static owner_t **find(const apr_pool_t *pool)
{
    owner_t **at = &owners[((size_t)pool / 64) % BUCKETS];

    while (*at && (*at)->pool != pool) {
        at = &(*at)->next;
    }
    return at;
}

static void *must_malloc(size_t size)
{
    void *mem = malloc(size);

    if (!mem) {
        abort();
    }
    return mem;
}

/* The pool's last cleanup, since it is registered by the pool's first allocation. APR destroys
 * sub-pools without a call that could be interposed: this is how they are noticed. */
static apr_status_t condemn(void *pool)
{
    owner_t **at, *owner;

    pthread_mutex_lock(&lock);
    at = find(pool);
    owner = *at;
    *at = owner->next;
    pthread_mutex_unlock(&lock);

    owner->next = dead;
    dead = owner;
    return APR_SUCCESS;
}

/* Returns whether it is the pool's first. */
static int remember(apr_pool_t *pool, void *mem)
{
    piece_t *piece = must_malloc(sizeof(*piece));
    owner_t **at;
    int is_first;

    pthread_mutex_lock(&lock);
    at = find(pool);
    is_first = !*at;
    if (is_first) {
        *at = must_malloc(sizeof(**at));
        **at = (owner_t){ .pool = pool };
    }
    *piece = (piece_t){ .next = (*at)->pieces, .mem = mem };
    (*at)->pieces = piece;
    pthread_mutex_unlock(&lock);
    return is_first;
}

static void free_owner(owner_t *owner)
{
    while (owner->pieces) {
        piece_t *piece = owner->pieces;

        owner->pieces = piece->next;
        free(piece->mem);
        free(piece);
    }
    free(owner);
}

/* Calls APR's own function of this name, which is behind ours, then frees what it condemned. */
static void call_next(const char *name, apr_pool_t *pool)
{
    void (*next)(apr_pool_t *) = (void (*)(apr_pool_t *))dlsym(RTLD_NEXT, name);

    if (!next) {
        abort();
    }
    depth++;
    next(pool);
    depth--;

    while (!depth && dead) {
        owner_t *owner = dead;

        dead = owner->next;
        free_owner(owner);
    }
}

APR_DECLARE(void *) apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    void *mem = must_malloc(size);

    if (remember(pool, mem)) {
        apr_pool_cleanup_register(pool, pool, condemn, apr_pool_cleanup_null);
    }
    return mem;
}

/* APR writes the text straight into the pool's block: here by apr_palloc, in the size it takes. */
APR_DECLARE(char *) apr_pvsprintf(apr_pool_t *pool, const char *format, va_list args)
{
    char *text = NULL, *kept;
    size_t room = 256, length;

    do {                                  /* the return value does not tell the length needed */
        va_list again;

        room *= 2;
        free(text);
        text = must_malloc(room);
        va_copy(again, args);
        length = (size_t)apr_vsnprintf(text, room, format, again);
        va_end(again);
    } while (length + 1 >= room);

    kept = apr_palloc(pool, length + 1);
    memcpy(kept, text, length + 1);
    free(text);
    return kept;
}

APR_DECLARE(void) apr_pool_clear(apr_pool_t *pool)
{
    call_next("apr_pool_clear", pool);
}

APR_DECLARE(void) apr_pool_destroy(apr_pool_t *pool)
{
    call_next("apr_pool_destroy", pool);
}
