/* Does one wrong thing with pool memory, named by its argument: test_shim expects ASan to report
 * it. "clean" does only what is allowed, cleanups that use the pool's memory included. */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

typedef void wrong_fn(apr_pool_t *pool);

/* The volatile copy hides from UBSan's object-size check what is known of the memory: the report is
 * to come from ASan. */
static void poke(void *mem, size_t at)
{
    char *volatile target = mem;

    target[at] = 'x';
}

static void overflow(apr_pool_t *pool)
{
    char *mem = apr_palloc(pool, 13);

    apr_palloc(pool, 64);               /* in a plain pool, what is behind is valid memory */
    poke(mem, 13);
}

static void text_overflow(apr_pool_t *pool)
{
    char *text = apr_psprintf(pool, "%s", "twelve chars");

    apr_palloc(pool, 64);
    poke(text, 13);
}

static void use_after_clear(apr_pool_t *pool)
{
    char *mem = apr_pstrdup(pool, "text");

    apr_pool_clear(pool);
    poke(mem, 0);
}

static void use_after_destroy(apr_pool_t *pool)
{
    apr_pool_t *sub;
    char *mem;

    apr_pool_create(&sub, pool);
    mem = apr_pcalloc(sub, 8);
    apr_pool_destroy(sub);
    poke(mem, 0);
}

/* The sub-pool goes with its parent, not by a call of its own. */
static void use_after_parent(apr_pool_t *pool)
{
    apr_pool_t *parent, *sub;
    char *mem;

    apr_pool_create(&parent, pool);
    apr_pool_create(&sub, parent);
    mem = apr_pcalloc(sub, 8);
    apr_pool_destroy(parent);
    poke(mem, 0);
}

static apr_status_t wipe(void *text)
{
    memset(text, 0, strlen(text));
    return APR_SUCCESS;
}

static void clean(apr_pool_t *pool)
{
    apr_pool_t *sub;
    char *text;

    apr_pool_create(&sub, pool);
    for (int i = 0; i < 3; i++) {
        text = apr_psprintf(sub, "%02000d %pm", i, &(apr_status_t){ APR_EOF });
        apr_pool_cleanup_register(sub, text, wipe, apr_pool_cleanup_null);
        apr_pool_userdata_set(text, "key", apr_pool_cleanup_null, sub);
        apr_pool_clear(sub);
    }
    apr_palloc(sub, 0);
}

static const struct {
    const char *name;
    wrong_fn *run;
} WRONGS[] = {
    { "overflow", overflow },
    { "text_overflow", text_overflow },
    { "use_after_clear", use_after_clear },
    { "use_after_destroy", use_after_destroy },
    { "use_after_parent", use_after_parent },
    { "clean", clean },
};

int main(int argc, char **argv)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (size_t i = 0; i < sizeof(WRONGS) / sizeof(WRONGS[0]); i++) {
        if (argc == 2 && !strcmp(argv[1], WRONGS[i].name)) {
            WRONGS[i].run(pool);
            apr_pool_destroy(pool);
            apr_terminate();
            return 0;
        }
    }
    fprintf(stderr, "usage: victim NAME\n");
    return 2;
}
