/* What the tests of orders and accounts share: one managed domain, a store of its own, and a CA
 * whose replies are scripted (net/script) but which signs what it is sent. Everything runs in a
 * real event loop, by a clock that only the loop's waiting puts forward: hours pass in no time.
 *
 *     scene_names(2);
 *     expect_new_order("pending");
 *     ...
 *     scene_order();
 *     works(scene.err);
 *
 * URLs: https://ca.example/ new-order, order/1/, authz/I/, challenge/I/, finalize/1/, cert/1/, I
 * being 1 for the first name.
 */
#ifndef JA_TEST_ISSUE_SCENE_H
#define JA_TEST_ISSUE_SCENE_H

#include "../net/script.h"
#include "../pki/fixture.h"
#include "../store/tree.h"
#include "acme/ca.h"
#include "base/loop.h"
#include "issue/flow.h"
#include "solve/http01.h"

#define SCENE_URL       "https://ca.example/"
#define SCENE_ACCOUNT   SCENE_URL "account/1"
#define SCENE_ORDER     SCENE_URL "order/1/"
#define SCENE_MAX_CHAIN 16384

/* clang-format off */
typedef struct {
    apr_time_t now;
    const char *dir;                    /* the store is in it                                   */
    ja_store_t *store;
    script_t *script;
    ja_http_t http;                     /* the script's, with a look at the store at each POST  */
    ja_loop_t *loop;
    ja_ca_t *ca;
    ja_log_t log;
    const char *lines;                  /* of the log, each with a newline                      */
    const char *trace;                  /* path and state in the job's file of each POST,
                                         * "new-order:order authz/1/:authz"                     */
    void (*on_request)(const char *path);       /* or NULL                                      */
    int is_working;                     /* other threads may be: the time does not pass alone   */

    ja_plan_ca_t plan_ca;
    ja_plan_domain_t domain;            /* a.jp, p256, http-01                                  */
    ja_jwk_t *jwk;
    ja_http01_table_t *table;
    ja_solver_t *solvers[2];
    ja_job_t job;
    char chain[SCENE_MAX_CHAIN];        /* PEM of what was signed last                          */

    int is_done;                        /* the outcome of what was run                          */
    ja_err_t *err;
    const char *activity;
} scene_t;
/* clang-format on */

extern scene_t scene;

int scene_begins(void **state);
int scene_ends(void **state);
#define SCENE_TEST(FN) cmocka_unit_test_setup_teardown(FN, scene_begins, scene_ends)

/* n1.jp, n2.jp, ... instead of a.jp. Before anything is expected. */
void scene_names(int count);

/* As after a restart of the server: a new loop, a new CA, no challenge set up, the job as it is
 * in its file. Store, script, time and trace go on. */
void scene_restart(void);

/* Run the loop until scene.is_done. */
void scene_run(void);

/* Run one order to its end: a new one / the one at SCENE_ORDER. */
void scene_order(void);
void scene_resume(void);

/* The order has failed like that, or there is a certificate in ASIDE; and all that was expected
 * was asked for. */
void scene_failed(ja_code_t code, const char *part, const char *activity);
void scene_succeeded(void);

/* The job in its file. */
ja_job_t scene_saved(void);

/* Is `token-I` answered now? */
int scene_answers(int i);

/* ---- what the CA says, once, in this order for each URL -------------------------------------- */

const char *order_json(const char *status);
const char *authz_json(int i, const char *status, const char *challenge_status);
const char *challenge_json(int i, const char *status);
/* A problem document of RFC 8555 6.7: "malformed". */
const char *problem_json(const char *type, const char *detail);

/* Any JSON, status 200. */
void expect_json(const char *url, const char *json);
void expect_problem(const char *url, int status, const char *type);
void expect_new_order(const char *status);
void expect_order(const char *status);
void expect_authz(int i, const char *status);
void expect_answer(int i, const char *status);
/* Takes the CSR and signs it. */
void expect_finalize(const char *status);
void expect_cert(void);

/* Authorizations and answers of all names. */
void expect_validation(void);
/* From a ready order to the certificate. */
void expect_issuance(void);

#endif
