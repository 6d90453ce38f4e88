#!/bin/sh
# A compiler launcher: runs the compiler it is given with warnings that are only warnings, whatever
# the project's own flags say, because the last word counts.
#   no-werror.sh COMPILER [ARGUMENT…]
exec "$@" -Wno-error
