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
static ja_handover_t *handover;
static ja_staple_table_t staple_table;
static ja_staple_table_t *staples; /* that one, or NULL */

ja_http01_table_t *ja_shared_http01(void)
{
    return http01;
}

ja_handover_t *ja_shared_handover(void)
{
    return handover;
}

ja_staple_table_t *ja_shared_staples(void)
{
    return staples;
}

/* Keys and answers to challenges are nobody's business, and an unused table is large. */
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

/* New memory, all zero bytes. Its cleanup is APR's, since code of this module may not be there any
 * more by then; children that still use it keep it. */
static ja_err_t *make(apr_shm_t **shm, apr_size_t size, apr_pool_t *pool, apr_pool_t *scratch)
{
    apr_status_t status = apr_shm_create(shm, size, NULL, pool);

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

/* What is published in it is live already: the next generation does without. */
static ja_err_t *open_handover(ja_handover_t **view, int n_domains, apr_pool_t *pconf,
                               apr_pool_t *scratch)
{
    apr_shm_t *shm;

    JA_TRY(make(&shm, ja_handover_bytes(n_domains), pconf, scratch));
    *view = ja_handover_make(apr_shm_baseaddr_get(shm), n_domains, pconf);
    return NULL;
}

/* The responses of what is live and of what is staged, of the domain with most key types; 0: none.
 */
static int responses_each(const apr_array_header_t *domains)
{
    int most = 0;
    int i;

    for (i = 0; i < domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(domains, i, const ja_plan_domain_t *);

        most = domain->stapling && domain->keys->nelts > most ? domain->keys->nelts : most;
    }
    return 2 * most;
}

static ja_err_t *open_staples(const apr_array_header_t *domains, apr_pool_t *pconf,
                              apr_pool_t *scratch)
{
    int each = responses_each(domains);
    apr_shm_t *shm;

    if (each == 0) {
        return NULL;
    }
    JA_TRY(make(&shm, ja_staple_table_bytes(domains->nelts, each), pconf, scratch));
    ja_staple_table_init(&staple_table, apr_shm_baseaddr_get(shm), domains->nelts, each);
    staples = &staple_table;
    return NULL;
}

static void tell(server_rec *s, const ja_err_t *err, const char *activity, apr_pool_t *scratch)
{
    if (err) {
        ja_event_errored(ja_aplog_make(s, scratch), "mod_jprs_acme", err, activity, 0, scratch);
    }
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const apr_array_header_t *domains = ja_conf_get(s)->plan->domains;

    (void)plog;
    http01 = NULL;
    handover = NULL;
    staples = NULL;
    if (!ja_activate_is_rehearsal() && domains->nelts > 0) {
        tell(s, open_table(&http01, s->process->pool, ptemp),
             "setting up the table of pending challenges", ptemp);
        tell(s, open_handover(&handover, domains->nelts, pconf, ptemp),
             "setting up the memory for new certificates", ptemp);
        tell(s, open_staples(domains, pconf, ptemp), "setting up the memory for OCSP responses",
             ptemp);
    }
    return OK;
}

void ja_shared_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(start, NULL, NULL, APR_HOOK_FIRST);
}
