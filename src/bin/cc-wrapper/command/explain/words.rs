//! Describes where an argument comes from.

use cc_wrapper::model::argument::{Arg, Origin, RoleSuffix};
use cc_wrapper::model::explanation::Explanation;
use cc_wrapper::rules::hardening::stronger;
use cc_wrapper::rules::hooks;

use crate::process::report::quoted;

/// The context that descriptions need.
pub struct Words<'w> {
    /// The caller's arguments.
    pub args: &'w [&'w [u8]],
    pub salt: &'w [u8],
    /// The notes of the call that has collected the variables.
    pub notes: &'w [&'w Explanation],
    /// The description of who has set the toolchain's own variables.
    pub collector: &'static str,
}

/// For variables that an earlier call of the same build has set.
pub const FURTHER_UP: &str = "from a wrapper further up";
/// For variables that the explained driver call sets for its linker.
pub const THIS_CALL: &str = "handed on by this call";

impl Words<'_> {
    pub fn origin(&self, arg: &Arg) -> String {
        match &arg.origin {
            Origin::User(n) => format!("your argument {n}"),
            Origin::ResponseFile(n) => {
                let file = self.args.get(n - 1).map_or("".into(), |file| quoted(file));
                format!("your argument {n}, {file}")
            }
            Origin::Variable(name, suffix) => self.variable(name, *suffix),
            Origin::FlagFile(name) if is_hook(name) => format!("hook {name}"),
            Origin::FlagFile(name) => format!("nix-support/{name}"),
            Origin::Hardening(name) => {
                let by = self.asked_by(name).map(|origin| self.asker(origin));
                format!("hardening {name}, {}", by.as_deref().unwrap_or("default"))
            }
            Origin::Rpath { .. } if arg.ends_with(b"-rpath") || **arg == *b"-Xlinker" => {
                "rpath".into()
            }
            Origin::Rpath { library, source } => {
                let text = source.text(quoted(library).as_bytes());
                format!("rpath: {}", String::from_utf8_lossy(&text))
            }
            Origin::Rule(rule) => (*rule).into(),
        }
    }

    /// Returns a variable's full name.
    pub fn name(&self, name: &str, suffix: RoleSuffix) -> Vec<u8> {
        match suffix {
            RoleSuffix::Salt => [name.as_bytes(), b"_", self.salt].concat(),
            suffix => [name, suffix.name()].concat().into_bytes(),
        }
    }

    fn variable(&self, name: &str, suffix: RoleSuffix) -> String {
        match suffix {
            RoleSuffix::Salt => {
                let name = String::from_utf8_lossy(&self.name(name, suffix)).into_owned();
                format!("{name}, {}", self.collector)
            }
            suffix => format!("{name}{}", suffix.name()),
        }
    }

    /// Returns the origin of the request for a hardening flag.
    pub fn asked_by(&self, name: &str) -> Option<&Origin> {
        let asked = self.notes.iter().find_map(|note| match note {
            Explanation::Hardening { asked, .. } => Some(asked),
            _ => None,
        });
        let asked = asked?;
        // If the tool does not support a stronger flag, the weaker one replaces
        // it.
        let asked_as = |name: &str| asked.iter().find(|word| ***word == *name.as_bytes());
        let word = asked_as(name).or_else(|| asked_as(stronger(name)?));
        word.map(|word| &word.origin)
    }

    /// Returns who has set NIX_HARDENING_ENABLE, given the origin of its words.
    pub fn asker(&self, origin: &Origin) -> String {
        match origin {
            Origin::Variable(name, suffix) => self.variable(name, *suffix),
            _ => "default".into(),
        }
    }
}

/// Returns whether the file with this name is run and not read.
pub fn is_hook(name: &str) -> bool {
    [
        hooks::COMPILER_BEFORE,
        hooks::COMPILER,
        hooks::LINKER_BEFORE,
        hooks::LINKER,
    ]
    .contains(&name)
}
