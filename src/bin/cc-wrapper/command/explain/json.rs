//! The explanation as JSON for programs. docs/explain.md documents the keys.

use cc_wrapper::model::argument::{Arg, Command, Origin};
use cc_wrapper::model::event::Level;
use cc_wrapper::model::explanation::{
    DisabledReason, DropReason, Explanation, LinkerHandling, NO_LIBRARIES, NoRpath,
};
use cc_wrapper::model::plan::ResponseFile;
use cc_wrapper::text::json::{Value as Json, array as list, object};

use super::Explained;
use super::linker::{Before, Below, Wrapped};
use super::text::{UNKNOWN_LIBRARIES, UNKNOWN_LIBRARY, dropped, refusal};
use super::words::{FURTHER_UP, THIS_CALL, Words, is_hook};

/// `'static` because most values are built from temporaries.
type Value = Json<'static>;

fn string(text: impl AsRef<[u8]>) -> Value {
    Value::String(text.as_ref().to_vec().into())
}

fn optional(value: Option<Value>) -> Value {
    Value::optional(value)
}

/// Returns the explanation as one object.
pub fn text(explained: &Explained) -> Vec<u8> {
    let Explained {
        call, plan, linker, ..
    } = explained;
    let notes: Vec<&Explanation> = plan.explanations().collect();
    let salt = &call.toolchain.suffix_salt;
    let words = Words {
        args: call.args,
        salt,
        notes: &notes,
        collector: FURTHER_UP,
    };
    let path = |path: Option<&[u8]>| optional(path.map(string));
    let tool = object([
        ("path", string(call.executable)),
        ("role", string(call.kind.name())),
        ("root", path(call.root)),
        ("bintools", path(call.bintools)),
        ("suffixSalt", string(salt)),
    ]);
    let response_file = match plan.response_file {
        ResponseFile::Always => "always",
        ResponseFile::WhenNeeded => "whenNeeded",
        ResponseFile::Never => "never",
    };
    let record = plan.record.as_ref().map(|record| {
        let units = record.units.iter().map(|unit| {
            let output = unit.output.as_deref();
            object([("file", string(&unit.file)), ("output", path(output))])
        });
        let why_not = optional(refusal(record).map(string));
        object([
            ("file", string(record.database)),
            ("units", list(units)),
            ("whyNot", why_not),
        ])
    });
    let not_recorded = notes.iter().find_map(|note| match note {
        Explanation::NoRecord(why) => Some(string(why)),
        _ => None,
    });
    let hooks = notes.iter().filter_map(|note| match note {
        Explanation::Hook(path) => Some(string(path)),
        _ => None,
    });
    let post_link = plan.post_link.as_ref().map(|hook| &hook.path[..]);
    let warnings = plan.events.iter().filter_map(|event| {
        let is_warning = event.level() == Level::Warning;
        is_warning.then(|| string(event.text()))
    });
    let warnings = warnings.chain(explained.warnings.iter().map(string));
    let value = object([
        ("tool", tool),
        ("program", string(&plan.program)),
        ("launcher", path(plan.launcher)),
        ("arguments", arguments(&plan.command, &words)),
        ("dropped", gone(&notes, &words)),
        ("environment", environment(explained)),
        ("roles", roles(&notes)),
        ("hardening", hardening(&notes, &words)),
        ("link", link(&notes)),
        ("rpath", rpath(&notes, true)),
        (
            "linker",
            optional(linker.as_ref().map(|l| below(l, &words))),
        ),
        ("responseFile", string(response_file)),
        ("compileDatabase", optional(record)),
        ("notRecorded", optional(not_recorded)),
        ("hooks", list(hooks)),
        ("postLinkHook", path(post_link)),
        ("warnings", list(warnings)),
    ]);
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

fn arguments(command: &Command, words: &Words) -> Value {
    let before = list_of(&command.before, "before", words);
    let params = list_of(&command.params, "params", words);
    let after = list_of(&command.after, "after", words);
    list(before.chain(params).chain(after))
}

fn list_of<'a>(
    args: &'a [Arg],
    part: &'static str,
    words: &'a Words,
) -> impl Iterator<Item = Value> + 'a {
    args.iter().map(move |arg| {
        object([
            ("argument", string(&arg[..])),
            ("part", string(part)),
            ("origin", origin(arg, words)),
        ])
    })
}

fn origin(arg: &Arg, words: &Words) -> Value {
    let named = |kind: &str, name: &[u8]| object([("kind", string(kind)), ("name", string(name))]);
    match &arg.origin {
        Origin::User(n) => object([
            ("kind", string("user")),
            ("index", Value::Number(*n as u64)),
        ]),
        Origin::ResponseFile(n) => object([
            ("kind", string("responseFile")),
            ("index", Value::Number(*n as u64)),
        ]),
        Origin::Variable(name, suffix) => named("variable", &words.name(name, *suffix)),
        Origin::FlagFile(name) if is_hook(name) => named("hook", name.as_bytes()),
        Origin::FlagFile(name) => named("flagFile", name.as_bytes()),
        Origin::Hardening(name) => object([
            ("kind", string("hardening")),
            ("name", string(name)),
            ("askedBy", asker(words.asked_by(name), words)),
        ]),
        Origin::Rpath { library, source } => object([
            ("kind", string("rpath")),
            ("library", string(library)),
            ("because", string(source.name())),
        ]),
        Origin::Rule(name) => named("rule", name.as_bytes()),
    }
}

/// Returns the variable that requests the hardening flag; null if it is the
/// toolchain's default.
fn asker(origin: Option<&Origin>, words: &Words) -> Value {
    match origin {
        Some(Origin::Variable(name, suffix)) => string(words.name(name, *suffix)),
        _ => Value::Null,
    }
}

fn gone(notes: &[&Explanation], words: &Words) -> Value {
    let dropped = dropped(notes.iter().copied());
    list(dropped.map(|(arg, why)| {
        let by = match why {
            DropReason::Hook(name) => string(name),
            _ => Value::Null,
        };
        object([
            ("argument", string(&arg[..])),
            ("reason", string(why.name())),
            ("hook", by),
            ("origin", origin(arg, words)),
        ])
    }))
}

fn environment(explained: &Explained) -> Value {
    let changes = || explained.plan.environment.iter();
    let set =
        changes().filter_map(|(name, value)| Some((name.clone().into(), string(value.as_ref()?))));
    let unset = changes().filter(|(_, value)| value.is_none());
    object([
        ("set", Value::Object(set.collect())),
        ("unset", list(unset.map(|(name, _)| string(name)))),
    ])
}

fn roles(notes: &[&Explanation]) -> Value {
    let (mut markers, mut required) = (Vec::new(), false);
    let (mut unread, mut inherited) = (Vec::new(), Vec::new());
    for note in notes {
        match note {
            Explanation::Roles {
                markers: of_roles,
                served,
                required: is_required,
                ..
            } => {
                required = *is_required;
                markers.extend(of_roles.iter().map(|marker| {
                    object([
                        ("name", string(&marker.name)),
                        ("suffix", string(marker.suffix.name())),
                        ("set", Value::Bool(marker.is_set)),
                        ("served", Value::Bool(served.contains(&marker.suffix))),
                    ])
                }));
            }
            Explanation::Unread {
                variable,
                marker,
                keeps_plain,
            } => {
                unread.push(object([
                    ("variable", string(variable)),
                    ("marker", string(marker)),
                    ("keepsPlain", optional(keeps_plain.as_ref().map(string))),
                ]));
            }
            Explanation::Inherited { mark } => inherited.push(string(mark)),
            _ => {}
        }
    }
    object([
        ("required", Value::Bool(required)),
        ("markers", Value::Array(markers)),
        ("unread", Value::Array(unread)),
        ("inherited", Value::Array(inherited)),
    ])
}

fn hardening(notes: &[&Explanation], words: &Words) -> Value {
    let noted = notes.iter().find_map(|note| match note {
        Explanation::Hardening {
            asked,
            off,
            overrides_default,
        } => Some((asked, off, *overrides_default)),
        _ => None,
    });
    let Some((asked, off, overrides_default)) = noted else {
        return Value::Null;
    };
    let asked = asked.iter().map(|flag| {
        let by = asker(Some(&flag.origin), words);
        object([("name", string(&flag[..])), ("askedBy", by)])
    });
    let off = off.iter().map(|(name, why)| {
        let reason = match why {
            DisabledReason::Unsupported => "unsupported",
            DisabledReason::Stronger(_) => "implied",
            DisabledReason::Unknown => "unknown",
            DisabledReason::Target => "target",
            DisabledReason::Hardened => "hardened",
        };
        object([("name", string(name)), ("reason", string(reason))])
    });
    object([
        ("asked", list(asked)),
        ("off", list(off)),
        ("overridesDefault", Value::Bool(overrides_default)),
    ])
}

fn link(notes: &[&Explanation]) -> Value {
    let of = |links, link_type: Option<&str>, why: Option<&str>, by: Option<&[u8]>| {
        object([
            ("links", Value::Bool(links)),
            ("type", optional(link_type.map(string))),
            ("why", optional(why.map(string))),
            ("by", optional(by.map(string))),
        ])
    };
    let link = notes.iter().find_map(|note| match note {
        Explanation::NoLinking(why) => Some(of(false, None, Some(why), None)),
        Explanation::LinkType { name, .. } => Some(of(true, Some(name), None, None)),
        Explanation::LinksBy(program) => Some(of(true, None, None, Some(program))),
        _ => None,
    });
    optional(link)
}

/// Returns why directories got no rpath. `is_exact`: all libraries of the link
/// are known.
fn rpath(notes: &[&Explanation], is_exact: bool) -> Value {
    let of = |directory: Option<&[u8]>, why: &[u8]| {
        object([
            ("directory", optional(directory.map(string))),
            ("why", string(why)),
        ])
    };
    let not = notes.iter().filter_map(|note| match note {
        Explanation::NoRpath { directory, why } => {
            let why = match why {
                NoRpath::NoLibrary if !is_exact => UNKNOWN_LIBRARY.into(),
                why => why.text(),
            };
            Some(of(Some(directory), &why))
        }
        Explanation::NoLibraries => {
            let why = if is_exact {
                NO_LIBRARIES
            } else {
                UNKNOWN_LIBRARIES
            };
            Some(of(None, why.as_bytes()))
        }
        Explanation::NoRpaths(why) => Some(of(None, why.as_bytes())),
        _ => None,
    });
    object([("not", list(not))])
}

fn below(linker: &Below, drivers: &Words) -> Value {
    let flags = match (&linker.before, &linker.handling) {
        (_, LinkerHandling::PassedByDriver) => "passedByDriver",
        (Before::Ours(_), _) => "wrapped",
        (Before::Bash(_), _) => "unknown",
        (Before::Nothing | Before::Absent, _) => "none",
    };
    let is_ours = matches!(linker.before, Before::Ours(_));
    let mut entries = vec![
        ("path", string(&linker.path)),
        ("wrapped", Value::Bool(is_ours)),
        (
            "exists",
            Value::Bool(!matches!(linker.before, Before::Absent)),
        ),
        ("missing", optional(linker.missing.as_ref().map(string))),
        ("flags", string(flags)),
        (
            "frontEnd",
            Value::Bool(matches!(linker.handling, LinkerHandling::Shim(_))),
        ),
    ];
    match &linker.before {
        Before::Ours(Wrapped::Adds(added)) => {
            let notes: Vec<&Explanation> = added.notes.iter().collect();
            let words = Words {
                args: &[],
                collector: THIS_CALL,
                ..*drivers
            };
            let before = list_of(&added.before, "before", &words);
            let after = list_of(&added.after, "after", &words);
            entries.push(("program", string(&added.program)));
            entries.push(("arguments", list(before.chain(after))));
            // It is not known where the driver gets these from.
            let dropped = dropped(added.notes.iter()).map(|(arg, why)| {
                object([
                    ("argument", string(&arg[..])),
                    ("reason", string(why.name())),
                ])
            });
            entries.push(("dropped", list(dropped)));
            entries.push(("rpath", rpath(&notes, added.is_exact)));
            entries.push(("exact", Value::Bool(added.is_exact)));
        }
        Before::Ours(Wrapped::Fails(why)) => entries.push(("error", string(why))),
        Before::Bash(_) | Before::Nothing | Before::Absent => {}
    }
    object(entries)
}
