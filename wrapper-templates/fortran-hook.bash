# shellcheck shell=bash disable=SC2154
# Makes the wrapped Fortran compiler known to the build. The roles and their
# marks are the cc hook's; this one can also stand alone.

getTargetRole
getTargetRoleWrapper

export "FC$role_post=@named_fc@"
export NIX_HARDENING_ENABLE="${NIX_HARDENING_ENABLE-"@default_hardening_flags_str@"}"

unset -v role_post
