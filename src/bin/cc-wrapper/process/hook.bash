# Runs a hook as nixpkgs' wrappers do: sets the variables that it may read, and
# reports which it changed. Reads from descriptor $1 and writes to descriptor
# $2; each item on them ends in a NUL.

set -eu -o pipefail +o posix
shopt -s nullglob

# The input: the hook, a file of functions, whether to trace; then lists, each
# after its length: variables (a name, a value, …), arguments, and the three
# arrays.
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

# Runs when a hook exits. Reports its changes only if it succeeds.
cc_wrapper_report_at_exit() {
    local -i status=$?
    if ((status == 0)); then
        cc_wrapper_report
    fi
    exit "$status"
}

# Reports what a hook changed. A hook that has become another program by exec
# reports nothing at all.
cc_wrapper_report() {
    set +eux
    # Skip the hook's own trap, as in a wrapper that becomes the compiler.
    trap - EXIT
    cc_wrapper_report_all >&"$cc_wrapper_answer"
} 2>/dev/null

cc_wrapper_report_all() {
    cc_wrapper_report_list "${extraBefore[@]}"
    cc_wrapper_report_list "${params[@]}"
    cc_wrapper_report_list "${extraAfter[@]}"
    local letter name value
    local -a names
    for letter in _ {a..z} {A..Z}; do
        eval "names=(\"\${!$letter@}\")"
        for name in "${names[@]}"; do
            # bash itself exports no arrays.
            [[ ${!name@a} == *x* && ${!name@a} != *[aA]* ]] || continue
            value=${!name}
            # While a hook runs, PATH is the wrapper's own.
            [[ $name == PATH ]] && value=${path_backup-$value}
            builtin printf '%s\0' "$name" "$value"
        done
    done
    builtin printf '\0'
}

cc_wrapper_report_list() {
    builtin printf '%d\0' $#
    if (($#)); then
        builtin printf '%s\0' "$@"
    fi
}

trap cc_wrapper_report_at_exit EXIT
if [[ -e ${cc_wrapper_given[1]} ]]; then
    source "${cc_wrapper_given[1]}"
fi
if [[ ${cc_wrapper_given[2]} == 1 ]]; then
    set -x
fi
source "${cc_wrapper_given[0]}"
# A hook that has switched errexit off may end with any status.
cc_wrapper_report
exit 0
