# shellcheck shell=bash disable=SC2154
# Makes a build's dependencies known to pkg-config.

# With strictDeps, only a tool of the build is one.
if [[ -n ${strictDeps-} ]] && ((hostOffset >= 0)); then return 0; fi

pkgConfigWrapper_addPkgConfigPath() {
    local role_post
    getHostRoleEnvHook
    addToSearchPath "PKG_CONFIG_PATH$role_post" "$1/lib/pkgconfig"
    addToSearchPath "PKG_CONFIG_PATH$role_post" "$1/share/pkgconfig"
}

getTargetRole
getTargetRoleWrapper
addEnvHooks "$targetOffset" pkgConfigWrapper_addPkgConfigPath

export "PKG_CONFIG$role_post=@targetPrefix@@baseBinName@"

unset -v role_post
