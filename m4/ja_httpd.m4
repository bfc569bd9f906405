# JA_HTTPD
# --------
# Finds apxs, takes from it where things are, and checks that the installed headers are those of a
# usable httpd. The compiler flags that apxs offers are left alone: they are the distributor's
# choice for httpd, and ours come from configure.
#
# Sets HTTPD_CPPFLAGS, HTTPD_SBINDIR, HTTPD_PROGNAME and moduledir.
AC_DEFUN([JA_HTTPD], [
AC_ARG_WITH([apxs],
    [AS_HELP_STRING([--with-apxs=FILE], [httpd's apxs @<:@found on PATH@:>@])],
    [APXS=$withval],
    [AC_PATH_PROGS([APXS], [apxs apxs2], [], [$PATH:/usr/sbin:/usr/local/apache2/bin])])
AC_SUBST([APXS])
AS_IF([! test -x "$APXS"],
    [AC_MSG_ERROR([apxs not found: install httpd's development files, or say --with-apxs=FILE])])

HTTPD_CPPFLAGS="-I`$APXS -q INCLUDEDIR` `$APXS -q EXTRA_CPPFLAGS`"
HTTPD_SBINDIR=`$APXS -q SBINDIR`
HTTPD_PROGNAME=`$APXS -q PROGNAME`
AC_SUBST([HTTPD_CPPFLAGS])
AC_SUBST([HTTPD_SBINDIR])
AC_SUBST([HTTPD_PROGNAME])

AC_ARG_WITH([moduledir],
    [AS_HELP_STRING([--with-moduledir=DIR], [where to install the module @<:@apxs LIBEXECDIR@:>@])],
    [moduledir=$withval], [moduledir=`$APXS -q LIBEXECDIR`])
AC_SUBST([moduledir])

ja_save_CPPFLAGS=$CPPFLAGS
CPPFLAGS="$CPPFLAGS $HTTPD_CPPFLAGS $APR_CFLAGS"
# 2.4.48 brought http_ssl.h with the hooks for certificates, challenges and OCSP.
AC_MSG_CHECKING([for httpd 2.4.48 or later])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include <httpd.h>
#include <http_ssl.h>
#if AP_SERVER_MAJORVERSION_NUMBER != 2 || AP_SERVER_MINORVERSION_NUMBER < 4 \
    || (AP_SERVER_MINORVERSION_NUMBER == 4 && AP_SERVER_PATCHLEVEL_NUMBER < 48)
#error "too old"
#endif
]], [])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([httpd's headers are missing or older than 2.4.48 (config.log has the reason)])])
CPPFLAGS=$ja_save_CPPFLAGS
])
