/* mod_jprs_acme: the module record, by which httpd knows the module and the module its
 * configuration. */
#ifndef JA_MOD_JPRS_ACME_H
#define JA_MOD_JPRS_ACME_H

#include <httpd.h>
#include <http_config.h>

extern module AP_MODULE_DECLARE_DATA jprs_acme_module;

#endif
