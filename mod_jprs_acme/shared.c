#include "shared.h"

#include <sys/mman.h>
#include <unistd.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include <httpd.h>
#include <http_config.h>

#include "activate.h"
#include "aplog.h"
#include "conf.h"
#include "event/event.h"

/* What the memory holds, and how. Two generations of the server may be of different builds: they
 * share the memory only if this number and the size are the same. */
#define LAYOUT 1

static ja_http01_table_t *http01;

ja_http01_table_t *ja_shared_http01(void)
{
    return http01;
}

/* Answers to challenges are nobody's business afterwards, and an unused table is large. */
static void keep_out_of_dumps(void *base, apr_size_t size)
{
#ifdef MADV_DONTDUMP
    apr_size_t page = (apr_size_t)sysconf(_SC_PAGESIZE);
    apr_size_t excess = (apr_size_t)base % page;

    madvise((char *)base - excess, size + excess, MADV_DONTDUMP);
#else
    (void)base;
    (void)size;
#endif
}

/* New memory, all zero bytes. It lives as long as the process; its cleanup is APR's, since code
 * of this module may not be there any more by then. */
static ja_err_t *make(apr_shm_t **shm, apr_size_t size, apr_pool_t *process, apr_pool_t *scratch)
{
    apr_status_t status = apr_shm_create(shm, size, NULL, process);

    if (status != APR_SUCCESS) {
        return ja_err_os(JA_E_IO, status, scratch, "%" APR_SIZE_T_FMT " bytes of shared memory",
                         size);
    }
    keep_out_of_dumps(apr_shm_baseaddr_get(*shm), size);
    return NULL;
}

/* The memory, from an earlier generation or new. Only a pointer is kept in the process pool,
 * under a key that is another one for another layout: what an older build has left there is not
 * touched. */
static ja_err_t *open_table(ja_http01_table_t **table, apr_pool_t *process, apr_pool_t *scratch)
{
    apr_size_t size = ja_http01_table_bytes();
    const char *key =
        apr_psprintf(scratch, "mod_jprs_acme:shared:%d:%" APR_SIZE_T_FMT, LAYOUT, size);
    void *shm = NULL;

    apr_pool_userdata_get(&shm, key, process);
    if (!shm) {
        apr_shm_t *made;

        JA_TRY(make(&made, size, process, scratch));
        apr_pool_userdata_set(made, key, NULL, process);
        shm = made;
    }
    *table = apr_shm_baseaddr_get(shm);
    return NULL;
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    ja_err_t *err;

    (void)pconf;
    (void)plog;
    http01 = NULL;
    if (ja_activate_is_rehearsal() || ja_conf_get(s)->plan->domains->nelts == 0) {
        return OK;
    }
    err = open_table(&http01, s->process->pool, ptemp);
    if (err) {
        ja_event_errored(ja_aplog_make(s, ptemp), "mod_jprs_acme", err,
                         "setting up the table of pending challenges", 0, ptemp);
    }
    return OK;
}

void ja_shared_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(start, NULL, NULL, APR_HOOK_FIRST);
}
