# JA_ADD_FLAGS(VARIABLE, FLAGS)
# -----------------------------
# Appends FLAGS to VARIABLE if a program compiles and links with them without a warning.
AC_DEFUN([JA_ADD_FLAGS], [
AC_MSG_CHECKING([whether $CC accepts $2])
ja_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $2"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("");]])],
    [AC_MSG_RESULT([yes])
     $1="$$1 $2"],
    [AC_MSG_RESULT([no])])
CFLAGS=$ja_save_CFLAGS
])

# JA_WARNINGS
# -----------
# Sets JA_CFLAGS to the language and the warnings of this project.
AC_DEFUN([JA_WARNINGS], [
JA_CFLAGS="-std=gnu11 -Wall -Wextra -Wswitch-enum -Werror=implicit-function-declaration"
AS_IF([test "$enable_werror" = yes], [JA_CFLAGS="$JA_CFLAGS -Werror"])
AC_SUBST([JA_CFLAGS])
])

# JA_HARDENING
# ------------
# Sets JA_HARDEN_CPPFLAGS, JA_HARDEN_CFLAGS and JA_HARDEN_LDFLAGS: either what a server is shipped
# with, or the sanitizers. Never both: _FORTIFY_SOURCE hides from ASan what it would report better.
AC_DEFUN([JA_HARDENING], [
JA_HARDEN_CPPFLAGS=
JA_HARDEN_CFLAGS=
JA_HARDEN_LDFLAGS=
AS_IF([test "$enable_sanitizers" = yes],
    [JA_ADD_FLAGS([JA_HARDEN_CFLAGS],
        [-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer])
     AS_IF([test -z "$JA_HARDEN_CFLAGS"], [AC_MSG_ERROR([$CC has no sanitizers])])],
    [dnl Without optimization glibc answers _FORTIFY_SOURCE by a warning, hence the try.
     JA_ADD_FLAGS([JA_HARDEN_CPPFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2])
     JA_ADD_FLAGS([JA_HARDEN_CFLAGS], [-fstack-protector-strong])
     JA_ADD_FLAGS([JA_HARDEN_LDFLAGS], [-Wl,-z,relro,-z,now])])
JA_ADD_FLAGS([JA_HARDEN_LDFLAGS], [-Wl,--as-needed])
AC_SUBST([JA_HARDEN_CPPFLAGS])
AC_SUBST([JA_HARDEN_CFLAGS])
AC_SUBST([JA_HARDEN_LDFLAGS])
])
