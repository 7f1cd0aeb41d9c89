# bash completion of cc-wrapper
# shellcheck shell=bash disable=SC2207

_cc_wrapper() {
    local program=$1 cur=$2 words=("$1") at=(0) last=0 i word kind offers=()

    # The words up to the cursor. Bash splits --option=value into three.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ ${words[last]} == --*= || $word == '=' && ${words[last]} == --* ]]; then
            words[last]+=$word
        else
            last=${#words[@]}
            words[last]=$word
            at[last]=$i
        fi
    done

    if [[ $program == \~/* ]]; then program=$HOME/${program#??}; fi
    while IFS=$'\t' read -r word _; do
        if [[ -z $kind ]]; then kind=$word; else offers+=("$word"); fi
    done < <("$program" completions bash -- "${words[@]}" 2>/dev/null)

    COMPREPLY=()
    case $kind in
        words)
            # Bash completes only the part behind the =.
            if [[ ${words[last]} == --*=* ]]; then offers=("${offers[@]#*=}"); fi
            COMPREPLY=("${offers[@]}")
            ;;
        commands)
            if [[ $cur == */* ]]; then return; fi
            COMPREPLY=($(compgen -c -- "$cur"))
            ;;
        directories) compopt -o dirnames ;;
        files) return ;;
        [0-9]*)
            # A call with arguments of its own starts at this word.
            if declare -F _command_offset >/dev/null; then _command_offset "${at[kind]}"; fi
            return
            ;;
    esac 2>/dev/null
    # Offer no files. Bash before 4.0 has no compopt and offers them anyway.
    compopt +o default +o bashdefault 2>/dev/null
}

complete -o bashdefault -o default -F _cc_wrapper cc-wrapper
