# shellcheck shell=bash disable=SC2154
# nix-support/add-flags.sh of a linker half: what the wrapped linker collects
# from the environment and the flag files beside this one, for scripts that
# source it. They have sourced utils.bash.

accumulateRoles

for variable in NIX_IGNORE_LD_THROUGH_GCC NIX_LDFLAGS NIX_LDFLAGS_BEFORE \
    NIX_DYNAMIC_LINKER NIX_LDFLAGS_AFTER NIX_LDFLAGS_HARDEN NIX_HARDENING_ENABLE; do
    mangleVarList "$variable" ${role_suffixes[@]+"${role_suffixes[@]}"}
done
for variable in NIX_SET_BUILD_ID NIX_DONT_SET_RPATH; do
    mangleVarBool "$variable" ${role_suffixes[@]+"${role_suffixes[@]}"}
done

appendFlagFile @out@/nix-support/libc-ldflags NIX_LDFLAGS
prependFlagFile @out@/nix-support/libc-ldflags-before NIX_LDFLAGS_BEFORE
variable=NIX_DYNAMIC_LINKER_@suffixSalt@
if [[ -z ${!variable} && -e @out@/nix-support/ld-set-dynamic-linker ]]; then
    declare -gx "$variable=$(<"@out@/nix-support/dynamic-linker")"
fi

export NIX_BINTOOLS_WRAPPER_FLAGS_SET_@suffixSalt@=1
unset -v variable
