//! The variables of a toolchain (docs/behaviour.md#1-roles-and-variables): they
//! are collected from the served roles, changed by flag files and exported to
//! the tool.

use alloc::vec::Vec;

use crate::model::argument::{Export, Origin, RoleSuffix};
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::event::Event;
use crate::planning::list_text::Text;
use crate::planning::log::Log;
use crate::text::number::{decimal, number};

/// The kernel's limit for one string `NAME=VALUE`, including the NUL.
const LONGEST: usize = 128 << 10;

/// The largest number of lists in a call.
const LISTS: usize = 16;

pub struct Variables<'a> {
    environment: &'a Environment<'a>,
    salt: &'a [u8],
    lists: Vec<List>,
    /// Variables to export in addition to the lists.
    exported: Vec<Export>,
    /// A hook may have set lists that are not loaded yet.
    hooked: bool,
}

struct List {
    name: &'static str,
    text: Text,
    /// The text may differ from the inherited one, because it was collected or
    /// changed.
    changed: bool,
}

impl<'a> Variables<'a> {
    pub fn new(environment: &'a Environment<'a>, salt: &'a [u8]) -> Variables<'a> {
        Variables {
            environment,
            salt,
            lists: Vec::with_capacity(LISTS),
            exported: Vec::with_capacity(2 * LISTS),
            hooked: false,
        }
    }

    /// The name `V_salt`.
    pub fn salted(&self, name: &str) -> Vec<u8> {
        [name.as_bytes(), b"_", self.salt].concat()
    }

    fn inherited(&self, name: &str) -> Option<&'a [u8]> {
        self.environment
            .get_joined([name.as_bytes(), b"_", self.salt])
    }

    /// The inherited value of `V_salt`, if it is set and not empty.
    pub fn inherited_nonempty(&self, name: &str) -> Option<&'a [u8]> {
        self.inherited(name).filter(|value| !value.is_empty())
    }

    /// Whether `MARK_salt` was inherited, so that the variables are collected
    /// already.
    pub fn is_marked(&self, mark: &str) -> bool {
        self.inherited_nonempty(mark).is_some()
    }

    /// Whether any of the variables is set that the list is collected from.
    pub fn is_set(&self, name: &'static str, roles: &[RoleSuffix]) -> bool {
        self.inherited(name).is_some()
            || roles.iter().any(|&role| self.of_role(name, role).is_some())
    }

    pub fn is_first_on_path(&self, directory: &[u8]) -> bool {
        let path = self.environment.get(b"PATH").unwrap_or_default();
        path.split(|&b| b == b':').next() == Some(directory)
    }

    /// Adds a directory at the beginning of the tool's PATH.
    pub fn prepend_path(&mut self, directory: &[u8]) {
        let path = match self.environment.get(b"PATH") {
            Some(path) => [directory, b":", path].concat(),
            None => directory.to_vec(),
        };
        self.export(b"PATH".to_vec(), path);
    }

    pub fn mark(&mut self, mark: &str) {
        let name = self.salted(mark);
        self.export(name, b"1".to_vec());
    }

    /// Records the exported variables in the trace.
    pub fn trace(&self, log: &mut Log) {
        if !log.traces() {
            return;
        }
        for list in self.lists.iter().filter(|list| list.changed) {
            let name = self.salted(list.name);
            log.trace(&[&name, b"=", list.text.bytes()]);
        }
        for (name, value) in &self.exported {
            log.trace(&[name, b"=", value.as_deref().unwrap_or_default()]);
        }
    }

    pub fn export(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.set(name, Some(value));
    }

    /// Removes a variable from the tool's environment.
    pub fn unset(&mut self, name: Vec<u8>) {
        self.set(name, None);
    }

    fn set(&mut self, name: Vec<u8>, value: Option<Vec<u8>>) {
        match self.exported.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => self.exported.push((name, value)),
        }
    }

    /// Applies a hook's change: sets the variable, or removes it if `value` is
    /// `None`. Later reads of the variable return the new value.
    pub fn assign(&mut self, name: Vec<u8>, value: Option<Vec<u8>>) {
        self.hooked = true;
        let salted = |list: &List| self.salted(list.name) == name;
        if let Some(list) = self.lists.iter().position(salted) {
            self.lists.remove(list);
        }
        self.set(name, value);
    }

    /// All variables to set or remove for a hook. Variables that are too long
    /// for the kernel are left out.
    pub fn exports(&self) -> Vec<Export> {
        let mut exports = self.exported.clone();
        for list in self.lists.iter().filter(|list| list.changed) {
            let name = self.salted(list.name);
            exports.retain(|(n, _)| *n != name);
            exports.push((name, Some(list.text.bytes().to_vec())));
        }
        exports.retain(fits);
        exports
    }

    /// All variables to set or remove for the tool.
    pub fn into_exports(mut self) -> Vec<Export> {
        for list in core::mem::take(&mut self.lists) {
            if list.changed {
                let name = self.salted(list.name);
                let value = Some(list.text.into_bytes());
                if self.hooked {
                    self.set(name, value);
                } else {
                    self.exported.push((name, value));
                }
            }
        }
        if !self.exported.iter().all(fits) {
            self.leave_to_the_next();
        }
        self.exported
    }

    /// Removes all collected variables and marks, because one of them is too
    /// long for the kernel. A wrapper below then collects the variables itself.
    fn leave_to_the_next(&mut self) {
        let link_type = self.salted("NIX_LINK_TYPE");
        let salt = [b"_", self.salt].concat();
        let is_collected = |name: &[u8]| name.ends_with(&salt) && name != link_type;
        self.exported.retain(|(name, _)| !is_collected(name));
    }

    /// Collects a list: the inherited text, followed by the text of each role.
    pub fn collect_list(&mut self, name: &'static str, roles: &[RoleSuffix]) {
        self.collect_separated(name, roles, b" ");
    }

    /// Like [`Variables::collect_list`], with `separator` between the parts.
    pub fn collect_separated(
        &mut self,
        name: &'static str,
        roles: &[RoleSuffix],
        separator: &[u8],
    ) {
        let list = self.load(name);
        self.lists[list].changed = true;
        for &role in roles {
            if let Some(value) = self.of_role(name, role) {
                let text = &mut self.lists[list].text;
                if !text.is_empty() {
                    text.append(separator, Origin::Variable(name, role));
                }
                text.append(value, Origin::Variable(name, role));
            }
        }
    }

    /// Collects a boolean: the bitwise or of all values.
    pub fn collect_boolean(&mut self, name: &'static str, roles: &[RoleSuffix], log: &mut Log) {
        let mut value = self.inherited_number(name, log);
        for &role in roles {
            if let Some(text) = self.of_role(name, role) {
                let variable = [name, role.name()].concat();
                value |= number_or_one(variable.as_bytes(), text, log);
            }
        }
        self.export(self.salted(name), decimal(value));
    }

    /// Collects a variable that can have only one value.
    ///
    /// # Errors
    /// Two roles have different values.
    pub fn collect_single(
        &mut self,
        name: &[u8],
        roles: &[RoleSuffix],
    ) -> Result<Option<Vec<u8>>, Error> {
        let salted = [name, b"_", self.salt].concat();
        let inherited = self.environment.get(&salted);
        let mut first = inherited.map(|value| (salted.clone(), value));
        for &role in roles {
            let variable = [name, role.name().as_bytes()].concat();
            let Some(value) = self.environment.get(&variable) else {
                continue;
            };
            match &first {
                None => first = Some((variable, value)),
                Some((_, same)) if *same == value => {}
                Some((other, differs)) => {
                    return Err(Error::Conflict {
                        first: (other.clone(), differs.to_vec()),
                        second: (variable, value.to_vec()),
                    });
                }
            }
        }
        let value = first.map(|(_, value)| value.to_vec());
        if let Some(value) = &value {
            self.export(salted, value.clone());
        }
        Ok(value)
    }

    /// The text of a list, collected or inherited.
    pub fn list(&mut self, name: &'static str) -> &Text {
        let list = self.load(name);
        &self.lists[list].text
    }

    /// The text of a list, for changes.
    pub fn list_mut(&mut self, name: &'static str) -> &mut Text {
        let list = self.load(name);
        self.lists[list].changed = true;
        &mut self.lists[list].text
    }

    /// Appends the list `from` to the list `to`, separated by a space.
    pub fn append_list(&mut self, to: &'static str, from: &'static str) {
        let from = self.list(from).clone();
        self.list_mut(to).append_all(&from);
    }

    /// Whether a boolean, collected or inherited, is 1.
    pub fn is_one(&self, name: &'static str) -> bool {
        let salted = self.salted(name);
        let collected = self.exported.iter().find(|(n, _)| *n == salted);
        let value = match collected {
            Some((_, value)) => value.as_deref(),
            None => self.environment.get(&salted),
        };
        value == Some(b"1")
    }

    fn load(&mut self, name: &'static str) -> usize {
        if let Some(list) = self.lists.iter().position(|list| list.name == name) {
            return list;
        }
        let salted = |(n, _): &&Export| self.hooked && *n == self.salted(name);
        let value = match self.exported.iter().find(salted) {
            Some((_, value)) => value.as_deref(),
            None => self.inherited(name),
        };
        let text = match value {
            Some(value) => Text::new(value, Origin::Variable(name, RoleSuffix::Salt)),
            None => Text::default(),
        };
        self.lists.push(List {
            name,
            text,
            changed: false,
        });
        self.lists.len() - 1
    }

    fn of_role(&self, name: &str, role: RoleSuffix) -> Option<&'a [u8]> {
        let suffix = role.name().as_bytes();
        self.environment.get_joined([name.as_bytes(), suffix, b""])
    }

    fn inherited_number(&self, name: &str, log: &mut Log) -> i64 {
        match self.inherited(name) {
            Some(text) => number_or_one(&self.salted(name), text, log),
            None => 0,
        }
    }
}

fn fits((name, value): &Export) -> bool {
    name.len() + value.as_ref().map_or(0, Vec::len) + 2 <= LONGEST
}

/// Parses a number. If `value` is not a number, records a warning and returns
/// 1.
pub fn number_or_one(variable: &[u8], value: &[u8], log: &mut Log) -> i64 {
    number(value).unwrap_or_else(|| {
        log.push(Event::NotANumber {
            variable: variable.to_vec(),
            value: value.to_vec(),
        });
        1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [RoleSuffix; 3] = [
        RoleSuffix::ForBuild,
        RoleSuffix::Plain,
        RoleSuffix::ForTarget,
    ];

    fn exported(
        variables: &[&'static str],
        collect: impl Fn(&mut Variables, &mut Log),
    ) -> (Vec<u8>, Log) {
        let environment = Environment::new(variables.iter().map(|v| v.as_bytes()));
        let mut log = Log::default();
        let mut variables = Variables::new(&environment, b"s");
        collect(&mut variables, &mut log);
        let exports = variables.into_exports();
        assert_eq!(exports.len(), 1);
        assert_eq!(exports[0].0, b"NIX_X_s");
        (exports[0].1.clone().unwrap(), log)
    }

    #[test]
    fn lists_join_with_one_space_between_nonempty_parts() {
        let list = |variables: &[&'static str]| {
            exported(variables, |v, _| v.collect_list("NIX_X", &ALL)).0
        };
        assert_eq!(list(&[]), b"");
        assert_eq!(
            list(&["NIX_X=b", "NIX_X_FOR_BUILD=a", "NIX_X_FOR_TARGET=c"]),
            b"a b c"
        );
        assert_eq!(list(&["NIX_X_s=i", "NIX_X= b "]), b"i  b ");
        assert_eq!(
            list(&["NIX_X_FOR_BUILD=", "NIX_X=b", "NIX_X_FOR_TARGET="]),
            b"b "
        );
    }

    #[test]
    fn booleans_are_ored() {
        let boolean = |variables: &[&'static str]| {
            exported(variables, |v, log| v.collect_boolean("NIX_X", &ALL, log))
        };
        assert_eq!(boolean(&[]).0, b"0");
        assert_eq!(boolean(&["NIX_X=", "NIX_X_FOR_BUILD=1"]).0, b"1");
        assert_eq!(boolean(&["NIX_X=2", "NIX_X_s=1"]).0, b"3");
        let (value, log) = boolean(&["NIX_X=yes"]);
        assert_eq!(value, b"1");
        assert_eq!(log.events.len(), 1);
    }

    #[test]
    fn singles_must_agree() {
        let environment = Environment::new([&b"V=1"[..], b"V_FOR_BUILD=1", b"V_FOR_TARGET=2"]);
        let mut variables = Variables::new(&environment, b"s");
        assert_eq!(
            variables.collect_single(b"V", &ALL[..2]),
            Ok(Some(b"1".to_vec()))
        );
        assert_eq!(variables.collect_single(b"W", &ALL), Ok(None));
        let error = variables.collect_single(b"V", &ALL).unwrap_err();
        assert!(
            error.text().starts_with(
                b"V_FOR_TARGET contradicts V_FOR_BUILD: V_FOR_TARGET=2, V_FOR_BUILD=1;"
            )
        );
    }
}
