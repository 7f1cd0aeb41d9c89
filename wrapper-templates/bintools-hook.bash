# shellcheck shell=bash disable=SC2154
# Makes a build's dependencies known to the wrapped linker, and the binutils
# to the build.

# With strictDeps, only a tool of the build is one.
if [[ -n ${strictDeps-} ]] && ((hostOffset >= 0)); then return 0; fi

# For each dependency: where its libraries are.
bintoolsWrapper_addLDVars() {
    local role_post found=
    getHostRoleEnvHook
    local -n flags="NIX_LDFLAGS$role_post"

    # A link would be lib under another name.
    if [[ -d $1/lib64 && ! -L $1/lib64 ]]; then
        flags="${flags-} -L$1/lib64"
        found=1
    fi
    # A lib/ may hold modules of some language only, which no linker wants.
    local libraries=("$1"/lib/lib*)
    if [[ -e ${libraries[0]-} || -L ${libraries[0]-} ]]; then
        flags="${flags-} -L$1/lib"
        found=1
    fi
    if [[ -n $found ]]; then export "NIX_LDFLAGS$role_post"; fi
}

getTargetRole
getTargetRoleWrapper
addEnvHooks "$targetOffset" bintoolsWrapper_addLDVars

export "NIX_BINTOOLS$role_post=@out@"

bintoolsWrapper_addPrograms() {
    local package command
    # Those of the unwrapped packages come behind those of the wrapper.
    for package in "@bintools_bin@" "@libc_bin@" "@coreutils_bin@"; do
        if [[ -n $package ]]; then addToSearchPath _PATH "$package/bin"; fi
    done
    # AR, LD, …: what build systems ask for.
    for command in ar as ld nm objcopy objdump readelf ranlib strip strings size windres; do
        if PATH="${_PATH-}" type -p "@targetPrefix@$command" >/dev/null; then
            export "${command^^}$role_post=@targetPrefix@$command"
        fi
    done
}
bintoolsWrapper_addPrograms

export NIX_HARDENING_ENABLE="${NIX_HARDENING_ENABLE-"@default_hardening_flags_str@"}"

unset -v role_post
