#include "solve/solver.h"

#include <string.h>

ja_solver_t *ja_solver_find(ja_solver_t *const *solvers, const char *type)
{
    for (; *solvers; solvers++) {
        if (strcmp((*solvers)->type, type) == 0) {
            return *solvers;
        }
    }
    return NULL;
}
