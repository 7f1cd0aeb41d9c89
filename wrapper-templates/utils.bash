# shellcheck shell=bash disable=SC2034,SC2157
# What scripts beside the wrapped tools source to read the variables as those
# tools read them. The names are nixpkgs'.

# Ends of the variables of each role that is served.
accumulateRoles() {
    declare -ga role_suffixes=()
    local role mark
    for role in BUILD:_FOR_BUILD HOST: TARGET:_FOR_TARGET; do
        mark="NIX_@wrapperName@_TARGET_${role%%:*}_@suffixSalt@"
        if [[ -n ${!mark-} ]]; then role_suffixes+=("${role#*:}"); fi
    done
}

# Each of these takes a variable's name, then the roles' ends, and puts the
# roles' values together in one that only this toolchain reads.

mangleVarList() { mangleVarListGeneric ' ' "$@"; }

# With the separator before the name.
mangleVarListGeneric() {
    local separator=$1 name=$2 own="$2_@suffixSalt@" end from
    local value=${!own-}
    for end in "${@:3}"; do
        from=$name$end
        if [[ -v $from ]]; then value+=${value:+$separator}${!from}; fi
    done
    declare -gx "$own=$value"
}

mangleVarBool() {
    local name=$1 own="$1_@suffixSalt@" end from
    local -i value=${!own:-0}
    for end in "${@:2}"; do
        from=$name$end
        if [[ -v $from ]]; then value=$((value | ${!from:-0})); fi
    done
    declare -gxi "$own=$value"
}

mangleVarSingle() {
    local name=$1 own="$1_@suffixSalt@" end from
    for end in "${@:2}"; do
        from=$name$end
        if [[ ! -v $from ]]; then continue; fi
        if [[ -v $own && ${!own} != "${!from}" ]]; then
            echo "$own is '${!own}' and cannot be '${!from}', as $from says" >&2
            exit 1
        fi
        declare -gx "$own=${!from}"
    done
}

# These two put a flag file's words, if there is one, to the own variable.
prependFlagFile() {
    local own="$2_@suffixSalt@"
    if [[ -e $1 ]]; then declare -gx "$own=$(<"$1") ${!own-}"; fi
}
appendFlagFile() {
    local own="$2_@suffixSalt@"
    if [[ -e $1 ]]; then declare -gx "$own=${!own-} $(<"$1")"; fi
}

skip() {
    if ((${NIX_DEBUG:-0} >= 1)); then echo "skipping impure path $1" >&2; fi
}

reject() {
    echo "impure path \`$1' used in link" >&2
    exit 1
}

# Whether a path lies outside of the store and the build.
badPath() {
    local prefix
    if [[ $1 != /* || $1 == /dev/null ]]; then return 1; fi
    for prefix in "${NIX_STORE-}" "${NIX_BUILD_TOP-}" /tmp "${TMP:-/tmp}" \
        "${TMPDIR:-/tmp}" "${TEMP:-/tmp}" "${TEMPDIR:-/tmp}"; do
        if [[ -n $prefix && $1 == "$prefix"* ]]; then return 1; fi
    done
}

# The same of a path that may be one of Darwin's SDK.
badPathWithDarwinSdk() {
    if [[ -n "@darwinMinVersion@" && -e ${SDKROOT-}/$1 ]]; then
        badPath "${SDKROOT-}/$1"
    else
        badPath "$1"
    fi
}

# The arguments into params, each @file that can be read replaced by the
# file's words, as the tools themselves have it.
expandResponseParams() {
    local IFS=' '
    declare -ga params=("$@")
    if [[ " $*" == *" @"* ]]; then
        params=()
        addResponseParams 0 "$@"
    fi
}

addResponseParams() {
    local depth=$1 argument text words
    for argument in "${@:2}"; do
        if [[ $argument != @* || ! -r ${argument#@} || -d ${argument#@} ]]; then
            params+=("$argument")
        elif ((depth == 100)); then
            echo "${argument#@} includes itself" >&2
            exit 1
        else
            IFS= read -r -d '' text <"${argument#@}" || :
            splitResponse "$text"
            addResponseParams $((depth + 1)) ${words[@]+"${words[@]}"}
        fi
    done
}

# A text's words into words. Backslash takes the next character as it is, in
# quotes too; single and double quotes group.
splitResponse() {
    local text=$1 word='' quote='' is_word='' character
    words=()
    if [[ $text != *[\\\"\']* ]]; then
        IFS=$' \t\n\v\f\r' read -r -d '' -a words <<<"$text" || :
        return
    fi
    while IFS= read -r -d '' -n 1 character; do
        case "$character" in
            \\)
                IFS= read -r -d '' -n 1 character || character=''
                word+=$character is_word=1
                ;;
            "$quote") quote='' ;;
            [\"\'])
                if [[ -n $quote ]]; then word+=$character; else quote=$character is_word=1; fi
                ;;
            [$' \t\n\v\f\r'])
                if [[ -n $quote ]]; then
                    word+=$character
                elif [[ -n $is_word ]]; then
                    words+=("$word")
                    word='' is_word=''
                fi
                ;;
            *) word+=$character is_word=1 ;;
        esac
    done < <(printf '%s' "$text")
    if [[ -n $is_word ]]; then words+=("$word"); fi
}

# static, static-pie or dynamic; the last argument that says so counts.
checkLinkType() {
    local argument kind=dynamic
    for argument; do
        case "$argument" in
            -static | -static-pie) kind=${argument#-} ;;
        esac
    done
    echo "$kind"
}

# The words behind the link type, without the rpaths where it can have none.
filterRpathFlags() {
    local words=()
    if [[ $1 != static-pie ]]; then
        words=("${@:2}")
    else
        set -- "${@:2}"
        while (($#)); do
            if [[ $1 == -rpath ]]; then shift; else words+=("$1"); fi
            if (($#)); then shift; fi
        done
    fi
    echo ${words[@]+"${words[@]}"}
}
