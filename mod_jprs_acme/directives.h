/* directives: reading httpd.conf, line by line. What a line means is decided by the table of
 * issue/settings; whether the lines go together by sites, once all are there. */
#ifndef JA_DIRECTIVES_H
#define JA_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

extern const command_rec ja_directives[];

#endif
