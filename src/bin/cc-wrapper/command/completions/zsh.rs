//! For zsh.

use super::line::{Kind, Line, Opt, Value};

const HEAD: &str = r#"#compdef cc-wrapper

_cc-wrapper() {
    local curcontext=$curcontext state line ret=1
    local -A opt_args
    local -a described

    _arguments -C -S \
"#;

const COMMANDS: &str = r#"        '1:command:->command' \
        '*::argument:->argument' && ret=0

    case $state in
        (command)
            described=(
"#;

const ARGUMENTS: &str = r#"            )
            _describe -t commands command described && ret=0
            ;;
        (argument)
            curcontext=${curcontext%:*:*}:cc-wrapper-$words[1]:
            case $words[1] in
"#;

const TAIL: &str = r#"            esac
            ;;
    esac
    return ret
}

if [[ $funcstack[1] == _cc-wrapper ]]; then
    _cc-wrapper "$@"
else
    compdef _cc-wrapper cc-wrapper
fi
"#;

pub fn script(program: &Line, commands: &[Line]) -> String {
    let mut out = String::from(HEAD);
    for option in &program.options {
        out.push_str(&format!("        {} \\\n", spec(option)));
    }
    out.push_str(COMMANDS);
    for command in commands {
        let described = format!("{}:{}", command.name, command.about);
        out.push_str(&format!("                {}\n", quoted(&described)));
    }
    out.push_str(ARGUMENTS);
    for command in commands {
        let options = command.options.iter().map(spec);
        let specs: Vec<String> = options.chain(operands(command)).collect();
        let specs = specs.join(" \\\n                        ");
        let name = &command.name;
        out.push_str(&format!(
            "                ({name})\n                    _arguments -s -S \\\n                        \
             {specs} && ret=0\n                    ;;\n"
        ));
    }
    out + TAIL
}

/// An option as `_arguments` wants to have it.
fn spec(option: &Opt) -> String {
    let mut excluded = option.excluded.clone();
    if option.is_alone {
        excluded.extend(["-", "*"].map(str::to_owned));
    } else if !option.may_be_repeated {
        excluded.extend(option.names.iter().cloned());
    }
    let excluded = match &excluded[..] {
        [] => String::new(),
        excluded => format!("({})", excluded.join(" ")),
    };
    let star = if option.may_be_repeated { "*" } else { "" };
    // How the value may be joined to the name.
    let names = option.names.iter().map(|name| match &option.value {
        Some(_) if name.starts_with("--") => format!("{name}="),
        Some(_) => format!("{name}+"),
        None => name.clone(),
    });
    let names = match &names.collect::<Vec<_>>()[..] {
        [name] => name.clone(),
        names => format!("'{{{}}}'", names.join(",")),
    };
    let value = option.value.as_ref();
    let value = value.map(|value| format!(":{}:{}", escaped(&value.name), offer(value)));
    let told = format!("[{}]{}", escaped(&option.help), value.unwrap_or_default());
    let told = told.replace('\'', "'\\''");
    format!("'{excluded}{star}{names}{told}'")
}

fn operands(command: &Line) -> Vec<String> {
    let Some(operand) = &command.operand else {
        return Vec::new();
    };
    let value = &operand.value;
    let offered = format!("{}:{}", escaped(&value.name), offer(value));
    let spec = match (&value.kind, operand.may_be_repeated, operand.is_required) {
        // Behind it, options are the call's.
        (Kind::Call, ..) => {
            let first = quoted(&format!("(-)1:{offered}"));
            return vec![first, "'*::argument:_normal'".to_owned()];
        }
        (_, true, _) => format!("*:{offered}"),
        (_, _, true) => format!("1:{offered}"),
        _ => format!("1::{offered}"),
    };
    vec![quoted(&spec)]
}

fn offer(value: &Value) -> String {
    match &value.kind {
        Kind::Words(words) => format!("({})", words.join(" ")),
        Kind::Directory => "_files -/".to_owned(),
        Kind::File => "_files".to_owned(),
        // The space keeps `_arguments` from putting options of its own in between.
        Kind::Program | Kind::Call => " _command_names -e".to_owned(),
        Kind::Other => " ".to_owned(),
    }
}

/// What has a meaning in what `_arguments` reads.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if matches!(char, '\\' | '[' | ']' | ':') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
