# shellcheck shell=bash disable=SC1090,SC1091,SC2013,SC2034,SC2086,SC2123,SC2154,SC2163,SC2164
# What a build sources first, and nix-shell too: finds the dependencies, runs
# their hooks, and knows the phases.
set -eu

export SHELL
PATH=
_PATH=
export NIX_STORE="${NIX_STORE:?}"

# Compilers that lie outside of the store pass files from there to the linker.
export NIX_ENFORCE_PURITY="${NIX_ENFORCE_PURITY-1}"
export NIX_ENFORCE_NO_NATIVE="${NIX_ENFORCE_NO_NATIVE-1}"
export NIX_IGNORE_LD_THROUGH_GCC{,_FOR_BUILD,_FOR_TARGET}=1

addToSearchPath() {
    if [[ -d $2 ]]; then
        local -n list=$1
        list="${list-}${list:+:}$2"
        export "$1"
    fi
}
for package in $initialPath; do addToSearchPath PATH "$package/bin"; done

# The hooks of a phase or an event: an attribute's text, or a function.
runHook() {
    local name=$1 hook
    shift
    local -n hooks="${name}Hooks"
    for hook in ${hooks[@]+"${hooks[@]}"}; do "$hook" "$@"; done
    if declare -F "$name" >/dev/null; then "$name" "$@"; else eval "${!name-}"; fi
}

# By the offsets of the platform that a dependency runs on and the one that it
# makes things for: its path, and the hooks that are called with each.
kinds=('-1 -1' '-1 0' '-1 1' '0 0' '0 1' '1 1')
declare -A found envHooks
addEnvHooks() {
    local kind
    for kind in "${kinds[@]}"; do
        if [[ ${kind% *} == "$1" ]]; then envHooks[$kind]+=" ${*:2}"; fi
    done
}

findInput() {
    local package=$1 host=$2 target=$3 next file
    if [[ " ${found[$host $target]-} " == *" $package "* ]]; then return; fi
    found[$host $target]+=" $package"
    file=$package/nix-support/propagated-build-inputs
    if [[ -f $file ]]; then
        for next in $(<"$file"); do findInput "$next" "$host" "$target"; done
    fi
    file=$package/nix-support/propagated-native-build-inputs
    if [[ -f $file && $host -ge 0 ]]; then
        for next in $(<"$file"); do findInput "$next" $((host - 1)) "$host"; done
    fi
}
for package in ${depsBuildBuild-}; do findInput "$package" -1 -1; done
for package in ${nativeBuildInputs-} ${propagatedNativeBuildInputs-}; do findInput "$package" -1 0; done
for package in ${depsBuildTarget-}; do findInput "$package" -1 1; done
for package in ${depsHostHost-}; do findInput "$package" 0 0; done
for package in ${buildInputs-} ${propagatedBuildInputs-}; do findInput "$package" 0 1; done
for package in ${depsTargetTarget-}; do findInput "$package" 1 1; done
for package in $defaultNativeBuildInputs; do findInput "$package" -1 0; done

for kind in "${kinds[@]}"; do
    hostOffset=${kind% *} targetOffset=${kind#* }
    for package in ${found[$kind]-}; do
        if [[ -z ${strictDeps-} || $hostOffset -lt 0 ]]; then addToSearchPath _PATH "$package/bin"; fi
        if [[ -f $package/nix-support/setup-hook ]]; then source "$package/nix-support/setup-hook"; fi
    done
done
for kind in "${kinds[@]}"; do
    depHostOffset=${kind% *} depTargetOffset=${kind#* }
    packages=${found[$kind]-}
    # Without strictDeps, whatever is there counts for every role.
    if [[ -z ${strictDeps-} ]]; then
        packages=$(printf '%s\n' ${found[@]+${found[@]}} | awk '!seen[$0]++')
    fi
    for hook in ${envHooks[$kind]-}; do
        for package in $packages; do "$hook" "$package"; done
    done
done
unset -v package packages hook kind hostOffset targetOffset depHostOffset depTargetOffset

export NIX_LDFLAGS="-rpath $out/lib ${NIX_LDFLAGS-}"
export PATH=$_PATH${_PATH:+:}$PATH

# substituteAll FILE OUT: each @name@ by the variable, where there is one.
substituteAll() {
    local text name
    text=$(<"$1")
    for name in $(grep -o '@[A-Za-z_][A-Za-z_0-9]*@' "$1" | sort -u); do
        name=${name//@/}
        if [[ -v $name ]]; then text=${text//"@$name@"/"${!name}"}; fi
    done
    printf '%s\n' "$text" >"$2"
}

unpackPhase() {
    cp -r "$src" source
    chmod -R u+w source
    cd source
}
buildPhase() {
    if [[ -e Makefile ]]; then make ${makeFlags-}; fi
}
installPhase() {
    if [[ -e Makefile ]]; then make install PREFIX="$out" ${makeFlags-}; fi
}
fixupPhase() {
    local hook file=$out/nix-support
    mkdir -p "$file"
    if [[ -n ${propagatedBuildInputs-} ]]; then echo "$propagatedBuildInputs" >"$file/propagated-build-inputs"; fi
    for hook in ${setupHooks-}; do
        substituteAll "$hook" "$NIX_BUILD_TOP/hook"
        cat "$NIX_BUILD_TOP/hook" >>"$file/setup-hook"
    done
    rmdir --ignore-fail-on-non-empty "$file"
}

genericBuild() {
    local phase hook
    cd "$NIX_BUILD_TOP"
    if [[ -v buildCommand ]]; then
        eval "$buildCommand"
        return
    fi
    for phase in ${phases:-unpackPhase buildPhase installPhase fixupPhase installCheckPhase}; do
        if [[ $phase == unpackPhase && -n ${dontUnpack-} ]]; then continue; fi
        if [[ $phase == installCheckPhase && -z ${doInstallCheck-} ]]; then continue; fi
        echo "phase: $phase"
        hook=${phase%Phase}
        hook=${hook^}
        runHook "pre$hook"
        # An attribute stands for the phase of its name.
        if [[ -v $phase ]]; then eval "${!phase}"; else "$phase"; fi
        runHook "post$hook"
    done
}

# What follows in a nix-shell counts on it.
set +u
