# shellcheck shell=bash disable=SC2034,SC2154
# nix-support/add-flags.sh of a compiler half: what the wrapped compiler
# collects from the environment and the flag files beside this one, for scripts
# that source it. They have sourced utils.bash, and put PATH into path_backup.

accumulateRoles

for variable in NIX_CFLAGS_COMPILE NIX_CFLAGS_COMPILE_BEFORE NIX_CFLAGS_LINK \
    NIX_CXXSTDLIB_COMPILE NIX_CXXSTDLIB_LINK NIX_GNATFLAGS_COMPILE; do
    mangleVarList "$variable" ${role_suffixes[@]+"${role_suffixes[@]}"}
done
mangleVarBool NIX_ENFORCE_NO_NATIVE ${role_suffixes[@]+"${role_suffixes[@]}"}

# The wrapped ld comes first for the compiler.
path_backup="@bintools@/bin:${path_backup-}"

prependFlagFile @out@/nix-support/cc-cflags NIX_CFLAGS_COMPILE
if [[ ${cInclude-1} == 1 ]]; then prependFlagFile @out@/nix-support/libc-cflags NIX_CFLAGS_COMPILE; fi
prependFlagFile @out@/nix-support/libc-crt1-cflags NIX_CFLAGS_COMPILE
prependFlagFile @out@/nix-support/cc-cflags-before NIX_CFLAGS_COMPILE_BEFORE
prependFlagFile @out@/nix-support/gnat-cflags NIX_GNATFLAGS_COMPILE
appendFlagFile @out@/nix-support/libcxx-cxxflags NIX_CXXSTDLIB_COMPILE
appendFlagFile @out@/nix-support/libcxx-ldflags NIX_CXXSTDLIB_LINK
appendFlagFile @out@/nix-support/cc-ldflags NIX_LDFLAGS

export NIX_CC_WRAPPER_FLAGS_SET_@suffixSalt@=1
unset -v variable
