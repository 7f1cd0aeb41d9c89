# shellcheck shell=bash disable=SC2154,SC2157
# Makes a build's dependencies known to the wrapped compiler, and the compiler
# to the build.

# With strictDeps, only a tool of the build is one.
if [[ -n ${strictDeps-} ]] && ((hostOffset >= 0)); then return 0; fi

# For each dependency: where its headers are.
ccWrapper_addCVars() {
    local role_post found=
    getHostRoleEnvHook
    local -n flags="NIX_CFLAGS_COMPILE$role_post"

    if [[ -d $1/include ]]; then
        flags="${flags-} -isystem $1/include"
        found=1
    fi
    if [[ -d $1/Library/Frameworks ]]; then
        flags="${flags-} -iframework $1/Library/Frameworks"
        found=1
    fi
    # A header that uses __FILE__ must not make a program keep the package.
    if [[ -n "@useMacroPrefixMap@" && -n $found && -n ${NIX_STORE-} ]]; then
        local name=${1#"$NIX_STORE"/*-} hash
        printf -v hash 'e%.0s' {1..32}
        flags="${flags-} -fmacro-prefix-map=$1=$NIX_STORE/$hash-$name"
    fi
    if [[ -n $found ]]; then export "NIX_CFLAGS_COMPILE$role_post"; fi
}

getTargetRole
getTargetRoleWrapper
addEnvHooks "$targetOffset" ccWrapper_addCVars

# Programs of the unwrapped packages, behind those of the wrapper.
ccWrapper_addPrograms() {
    local package
    for package in "@cc@" "@libc_bin@" "@coreutils_bin@"; do
        if [[ -n $package ]]; then addToSearchPath _PATH "$package/bin"; fi
    done
}
ccWrapper_addPrograms

export "NIX_CC$role_post=@out@"
export "CC$role_post=@named_cc@"
export "CXX$role_post=@named_cxx@"

# An empty value stands: it switches all off.
export NIX_HARDENING_ENABLE="${NIX_HARDENING_ENABLE-"@default_hardening_flags_str@"}"

unset -v role_post
