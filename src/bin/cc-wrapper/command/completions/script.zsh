#compdef cc-wrapper

_cc-wrapper() {
    local -a answer offers
    answer=("${(@f)$(${~words[1]} completions zsh -- "${(@)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    local kind=$answer[1]

    # What follows completes only the part behind the =.
    if [[ $kind != <-> ]]; then compset -P '--*='; fi
    case $kind in
        (words)
            offers=("${(@)${(@)answer[2,-1]#--*=}/$'\t'/:}")
            _describe argument offers
            ;;
        (commands) _command_names -e ;;
        (directories) _files -/ ;;
        (files) _files ;;
        (<->)
            # A call with arguments of its own starts behind this many words.
            shift $kind words
            (( CURRENT -= kind ))
            _normal
            ;;
        (*) return 1 ;;
    esac
}

if [[ $funcstack[1] == _cc-wrapper ]]; then
    _cc-wrapper "$@"
else
    compdef _cc-wrapper cc-wrapper
fi
