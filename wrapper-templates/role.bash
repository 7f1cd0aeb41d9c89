# shellcheck shell=bash disable=SC2034,SC2154
# Stands before each of the other hooks: for which platforms of a build a
# dependency is. A stdenv names them by offset: -1 build, 0 host, 1 target.

# Sets role_post, which ends the names of a role's variables.
getRole() {
    case "$1" in
        -1) role_post=_FOR_BUILD ;;
        0) role_post= ;;
        1) role_post=_FOR_TARGET ;;
        *)
            echo "@name@: cannot be this sort of dependency (offset $1)" >&2
            return 1
            ;;
    esac
}

# Of the package whose hook runs.
getHostRole() { getRole "$hostOffset"; }
getTargetRole() { getRole "$targetOffset"; }

# Of the dependency that an environment hook is called for.
getHostRoleEnvHook() { getRole "$depHostOffset"; }
getTargetRoleEnvHook() { getRole "$depTargetOffset"; }

# Tells the wrapped tools that they serve the role: they read no variable of
# a role without this mark.
getTargetRoleWrapper() {
    local role
    case "$targetOffset" in
        -1) role=BUILD ;;
        0) role=HOST ;;
        1) role=TARGET ;;
        *)
            echo "@name@: cannot be this sort of dependency (offset $targetOffset)" >&2
            return 1
            ;;
    esac
    export "NIX_@wrapperName@_TARGET_${role}_@suffixSalt@=1"
}
