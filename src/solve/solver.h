/* solve/solver: how a challenge gets fulfilled. One file per challenge type; the flow knows only
 * this. */
#ifndef JA_SOLVE_SOLVER_H
#define JA_SOLVE_SOLVER_H

#include "base/err.h"

/* What has to be shown to the CA. */
typedef struct {
    const char *name;       /* the identifier, without "*." */
    const char *token;      /* checked by acme/authz */
    const char *thumbprint; /* of the account key; token "." thumbprint = key authorization */
    apr_time_t expires_at;  /* from then on it may be forgotten */
} ja_solve_t;

typedef struct ja_solver_t ja_solver_t;
struct ja_solver_t {
    const char *type; /* "http-01" */
    void *impl;
    /* Set it up. Presenting what is there already is no error. */
    ja_err_t *(*present)(ja_solver_t *solver, const ja_solve_t *what, apr_pool_t *scratch);
    /* Take it down; not being there is no error. */
    void (*withdraw)(ja_solver_t *solver, const ja_solve_t *what);
};

/* The solver for a challenge type in a list that is ended by NULL, or NULL. */
ja_solver_t *ja_solver_find(ja_solver_t *const *solvers, const char *type);

#endif
