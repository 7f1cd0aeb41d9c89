# Runs a hook as nixpkgs' wrappers do: sets what it may read, and tells what it
# changed. $1 is the descriptor to read from, $2 the one to tell on; each thing
# on them ends in a NUL.

set -eu -o pipefail +o posix
shopt -s nullglob

# All given: the hook, a file of functions, whether to trace; then counted
# lists: variables (a name, a value, …), arguments, and the three arrays.
mapfile -d '' -t cc_wrapper_given <&"$1"
eval "exec $1<&-"
cc_wrapper_answer=$2
cc_wrapper_at=3

cc_wrapper_take() {
    local -n cc_wrapper_list=$1
    local -i count=${cc_wrapper_given[cc_wrapper_at]}
    cc_wrapper_list=("${cc_wrapper_given[@]:cc_wrapper_at + 1:count}")
    ((cc_wrapper_at += 1 + count))
}

cc_wrapper_take cc_wrapper_variables
for ((cc_wrapper_n = 0; cc_wrapper_n < ${#cc_wrapper_variables[@]}; cc_wrapper_n += 2)); do
    printf -v "${cc_wrapper_variables[cc_wrapper_n]}" %s "${cc_wrapper_variables[cc_wrapper_n + 1]}"
done
cc_wrapper_take cc_wrapper_arguments
cc_wrapper_take extraBefore
cc_wrapper_take params
cc_wrapper_take extraAfter
set -- "${cc_wrapper_arguments[@]}"

# Where a hook exits. Only one that does so with success has something to tell.
cc_wrapper_tell_at_exit() {
    local -i status=$?
    if ((status == 0)); then
        cc_wrapper_tell
    fi
    exit "$status"
}

# What a hook changed. One that became another program tells nothing, not even
# that.
cc_wrapper_tell() {
    set +eux
    # Its own trap is not run, as in a wrapper that becomes the compiler.
    trap - EXIT
    cc_wrapper_tell_all >&"$cc_wrapper_answer"
} 2>/dev/null

cc_wrapper_tell_all() {
    cc_wrapper_tell_list "${extraBefore[@]}"
    cc_wrapper_tell_list "${params[@]}"
    cc_wrapper_tell_list "${extraAfter[@]}"
    local letter name value
    local -a names
    for letter in _ {a..z} {A..Z}; do
        eval "names=(\"\${!$letter@}\")"
        for name in "${names[@]}"; do
            # bash itself exports no arrays.
            [[ ${!name@a} == *x* && ${!name@a} != *[aA]* ]] || continue
            value=${!name}
            # PATH while a hook runs is the wrapper's own.
            [[ $name == PATH ]] && value=${path_backup-$value}
            builtin printf '%s\0' "$name" "$value"
        done
    done
    builtin printf '\0'
}

cc_wrapper_tell_list() {
    builtin printf '%d\0' $#
    if (($#)); then
        builtin printf '%s\0' "$@"
    fi
}

trap cc_wrapper_tell_at_exit EXIT
if [[ -e ${cc_wrapper_given[1]} ]]; then
    source "${cc_wrapper_given[1]}"
fi
if [[ ${cc_wrapper_given[2]} == 1 ]]; then
    set -x
fi
source "${cc_wrapper_given[0]}"
# A hook that has switched errexit off may end with anything.
cc_wrapper_tell
exit 0
