//! For fish.

use super::line::{Kind, Line, Value};

const HEAD: &str = r#"# fish completions of cc-wrapper

# The command before the cursor and its operands.
function __cc_wrapper_line
    set -l words (commandline -opc)
    set -e words[1]
    set -l command
    set -l dashes
    set -l value
    while set -q words[1]
        set -l word $words[1]
        if set -q value[1]
            set -e value
        else if string match -q -- '-*' $word; and not set -q dashes[1]
            if test $word = --
                set dashes yes
            else if contains -- "$command $word" @VALUES@
                set value yes
            end
        else if not set -q command[1]
            set command $word
            echo $command
        else if contains -- $command @CALLS@
            # The rest is a call with arguments of its own.
            printf '%s\n' $words
            return
        else
            echo $word
        end
        set -e words[1]
    end
end

# Whether the command is COMMAND, or none; and for `first` has no operand yet.
function __cc_wrapper_is
    set -l line (__cc_wrapper_line)
    test "$line[1]" = "$argv[1]"; and not begin
        set -q argv[2]; and set -q line[2]
    end
end

# Whether the cursor is behind COMMAND and the program that it calls.
function __cc_wrapper_calls
    set -l line (__cc_wrapper_line)
    test "$line[1]" = "$argv[1]"; and set -q line[2]
end

# What that program would be offered.
function __cc_wrapper_call
    set -l line (__cc_wrapper_line)
    complete -C (string join ' ' -- (string escape -- $line[2..-1]) (commandline -ct))
end

complete -c cc-wrapper -f
"#;

pub fn script(program: &Line, commands: &[Line]) -> String {
    let values = commands.iter().flat_map(|command| {
        let options = command.options.iter();
        let options = options.filter(|option| option.value.is_some());
        let names = options.flat_map(|option| &option.names);
        names.map(|name| quoted(&format!("{} {name}", command.name)))
    });
    let values: Vec<String> = values.collect();
    let calls = commands.iter().filter(|command| command.has_call());
    let calls: Vec<&str> = calls.map(|command| &command.name[..]).collect();
    let mut out = HEAD
        .replace("@VALUES@", &values.join(" "))
        .replace("@CALLS@", &calls.join(" "));

    options(&mut out, "__cc_wrapper_is", program);
    for command in commands {
        let about = format!("-a {} -d {}", command.name, quoted(&command.about));
        rule(&mut out, "__cc_wrapper_is", &about);
    }
    for command in commands {
        let name = &command.name;
        let anywhere = format!("__cc_wrapper_is {name}");
        let first = format!("{anywhere} first");
        let has_call = command.has_call();
        options(&mut out, if has_call { &first } else { &anywhere }, command);
        if let Some(operand) = &command.operand {
            let when = if operand.may_be_repeated {
                &anywhere
            } else {
                &first
            };
            rule(&mut out, when, &offer(&operand.value));
        }
        if has_call {
            rule(
                &mut out,
                &format!("__cc_wrapper_calls {name}"),
                "-a '(__cc_wrapper_call)'",
            );
        }
    }
    out
}

fn options(out: &mut String, when: &str, line: &Line) {
    for option in &line.options {
        let names = option
            .names
            .iter()
            .map(|name| match name.strip_prefix("--") {
                Some(long) => format!("-l {long}"),
                None => format!("-s {}", name.trim_start_matches('-')),
            });
        let names: Vec<String> = names.collect();
        let value = option.value.as_ref();
        let value = value.map(|value| match value.kind {
            Kind::File => format!(" -r {}", offer(value)),
            // No files besides.
            _ => format!(" -x {}", offer(value)),
        });
        let value = value.unwrap_or_default();
        let what = format!(
            "{}{} -d {}",
            names.join(" "),
            value.trim_end(),
            quoted(&option.help)
        );
        rule(out, when, &what);
    }
}

fn rule(out: &mut String, when: &str, what: &str) {
    out.push_str(&format!(
        "complete -c cc-wrapper -n {} {what}\n",
        quoted(when)
    ));
}

fn offer(value: &Value) -> String {
    match &value.kind {
        // Without the option's description.
        Kind::Words(words) => format!("-a '{}\\t'", words.join("\\t ")),
        Kind::Directory => "-a '(__fish_complete_directories)'".to_owned(),
        Kind::File => "-F".to_owned(),
        Kind::Program | Kind::Call => "-a '(__fish_complete_command)'".to_owned(),
        Kind::Other => String::new(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
