/* jprs-acme version */
#include "config.h"

#include <stdio.h>

#include "cli/cmd.h"
#include "json/json.h"

int ja_cmd_version(const ja_cmd_args_t *args)
{
    if (args->options[JA_OPT_JSON]) {
        ja_json_t *json = ja_json_object(args->pool);

        ja_json_set_str(json, "version", JA_VERSION);
        puts(ja_json_print_pretty(json, args->pool));
    }
    else {
        puts("jprs-acme (mod_jprs_acme) " JA_VERSION);
    }
    return JA_CMD_FINE;
}
