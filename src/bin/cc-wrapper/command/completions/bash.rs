//! For bash, with or without the package bash-completion.

use super::line::{Kind, Line, Value};

const HEAD: &str = r#"# bash completion of cc-wrapper
# shellcheck shell=bash disable=SC2207

_cc_wrapper() {
    local cur=$2 command='' subject='' dashes='' kind='' words='' i word

    # What stands before the cursor.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $subject == -* ]]; then
            # --option=value is three words.
            if [[ $word != '=' ]]; then subject=''; fi
        elif [[ -z $dashes && $word == -- ]]; then
            dashes=1
        elif [[ -z $dashes && $word == -* ]]; then
            case $command,$word in
"#;

const MIDDLE: &str = r#"            esac
        elif [[ -z $command ]]; then
            command=$word
        else
            subject=again
"#;

const CALL_HEAD: &str = "            case $command in\n";

const CALL: &str = r#")
                    # The rest is a call with arguments of its own.
                    if declare -F _command_offset >/dev/null; then _command_offset "$i"; fi
                    return
                    ;;
            esac
"#;

const BODY: &str = r#"        fi
    done
    if [[ $cur == '=' ]]; then cur=''; fi
    if [[ $subject != -* && -z $dashes && $cur == -* ]]; then subject=-; fi

    case $command,$subject in
"#;

const TAIL: &str = r#"    esac
    COMPREPLY=()
    case $kind in
        words) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
        programs)
            if [[ $cur == */* ]]; then return; fi
            COMPREPLY=($(compgen -c -- "$cur"))
            ;;
        directories) compopt -o dirnames ;;
        files) return ;;
    esac 2>/dev/null
    # Files would be no answer. An old bash offers them all the same.
    compopt +o default +o bashdefault 2>/dev/null
}

complete -o bashdefault -o default -F _cc_wrapper cc-wrapper
"#;

pub fn script(program: &Line, commands: &[Line]) -> String {
    let mut out = String::from(HEAD);
    let values: Vec<_> = commands.iter().flat_map(values).collect();
    let with_value: Vec<&str> = values.iter().map(|(pattern, _)| &pattern[..]).collect();
    out.push_str(&format!(
        "                {}) subject=$word ;;\n",
        with_value.join(" | ")
    ));
    out.push_str(MIDDLE);
    let calls = commands.iter().filter(|command| command.has_call());
    let calls: Vec<&str> = calls.map(|command| &command.name[..]).collect();
    out.push_str(CALL_HEAD);
    out.push_str(&format!("                {}", calls.join(" | ")));
    out.push_str(CALL);
    out.push_str(BODY);

    let names: Vec<&str> = commands.iter().map(|command| &command.name[..]).collect();
    out.push_str(&words(",", &names));
    out.push_str(&words(",-", &program.option_names()));
    for (pattern, value) in values {
        out.push_str(&offer(&pattern, value));
    }
    for command in commands {
        let name = &command.name;
        let options = words(&format!("{name},*"), &command.option_names());
        if let Some(operand) = &command.operand {
            let pattern = match operand.may_be_repeated {
                true => format!("{name}, | {name},again"),
                false => format!("{name},"),
            };
            out.push_str(&offer(&pattern, &operand.value));
        }
        out.push_str(&options);
    }
    out + TAIL
}

/// The options of `command` that take one, as the script tells them apart.
fn values(command: &Line) -> Vec<(String, &Value)> {
    let mut values = Vec::new();
    for option in &command.options {
        for name in &option.names {
            let subject = format!("{},{name}", command.name);
            values.extend(option.value.as_ref().map(|value| (subject, value)));
        }
    }
    values
}

fn offer(pattern: &str, value: &Value) -> String {
    let kind = match &value.kind {
        Kind::Words(list) => {
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            return words(pattern, &list);
        }
        Kind::Directory => "directories",
        Kind::File => "files",
        Kind::Program | Kind::Call => "programs",
        Kind::Other => "unknown",
    };
    format!("        {pattern}) kind={kind} ;;\n")
}

fn words(pattern: &str, words: &[&str]) -> String {
    format!(
        "        {pattern}) kind=words words='{}' ;;\n",
        words.join(" ")
    )
}
