//! Additions to a link apart from the variables' flags: hardening, the
//! interpreter of 32-bit programs, rpaths and the build id
//! (docs/behaviour.md#3-linkers-role-ld).

use alloc::vec::Vec;

use crate::model::argument::{Arg, Command, Origin};
use crate::model::error::Error;
use crate::model::explanation::DropReason;
use crate::model::explanation::Explanation;
use crate::model::toolchain::{RoleMarkers, RpathPolicy};
use crate::options::meaning::Meaning;
use crate::options::{Argument, Parser};
use crate::planning::context::Context;
use crate::planning::flag_files::FlagFiles;
use crate::planning::log::Log;
use crate::rules::hardening;
use crate::rules::link_type::LinkType;
use crate::rules::rpath;
use crate::rules::rpath::Rpath;
use crate::rules::rpath::library_search::LibrarySearch;
use crate::rules::rpath::store::Store;
use crate::rules::rpath::without_store;
use crate::rules::rpath::without_store::link::Link;
use crate::text::path::entries;

/// Set for the linker and the processes below it: the output of the link that
/// already has this half's additions.
pub const LINKED: &[u8] = b"CC_WRAPPER_LINKED";

/// The default output of a link.
const OUTPUT: &[u8] = b"a.out";

/// The linker's hardening options (§4).
pub fn hardening_flags<'a>(context: &mut Context<'_, 'a>) -> Vec<Arg<'a>> {
    let enabled = context.variables.list("NIX_HARDENING_ENABLE");
    let call = context.call;
    context
        .log
        .explain(|| hardening::explain_linker(enabled.args(), call));
    let unsupported = call.hardening_unsupported();
    hardening::linker(enabled.bytes(), unsupported, context.log)
}

/// The additions that depend on a link's libraries.
#[derive(Default)]
pub struct LibraryAdditions<'a> {
    /// Arguments for the place before the caller's.
    pub before: Vec<Arg<'a>>,
    /// Arguments for the end of the command.
    pub args: Vec<Arg<'a>>,
    /// The caller's empty rpaths are removed: beside others, the loader reads an
    /// empty entry as the current directory.
    pub drops_empty_rpaths: bool,
    /// The caller's `--enable-new-dtags` is removed.
    pub drops_new_tags: bool,
    /// For hooks: the output of the link, before anything is added to it.
    pub output: Vec<u8>,
    /// For hooks: whether the link is relocatable, and for 32-bit x86. False
    /// where nixpkgs' script does not look, because nothing depends on it.
    pub relocatable: bool,
    pub is_32_bit: bool,
}

/// Returns the additions that depend on the libraries in the whole command: the
/// interpreter of 32-bit programs, rpaths and the build id (§3.6 to §3.9).
/// `files` are those of the linker half.
///
/// # Errors
/// `dynamic-linker-m32` exists but cannot be read.
pub fn from_libraries<'a, 'c>(
    command: impl Iterator<Item = &'c [u8]>,
    link_type: LinkType,
    files: &FlagFiles,
    context: &mut Context,
) -> Result<LibraryAdditions<'a>, Error> {
    let call = context.call;
    let store = Store::new(call.environment, call.toolchain, context.world);
    let parser = call.linker_parser();
    let is_nixpkgs = call.toolchain.role_markers == RoleMarkers::Required;
    let libraries = match (is_nixpkgs, store.is_named()) {
        (true, _) => Libraries::Stored(LibrarySearch::parse_as_nixpkgs(command, parser, &store)),
        (false, true) => Libraries::Stored(LibrarySearch::parse(command, parser, &store)),
        (false, false) => Libraries::Free(Link::parse(command, parser)),
    };
    let mut found = LibraryAdditions {
        output: libraries.output().unwrap_or(OUTPUT).to_vec(),
        relocatable: libraries.is_relocatable(),
        is_32_bit: libraries.is_32_bit(),
        ..LibraryAdditions::default()
    };
    let output = found.output.clone();
    context.variables.export(LINKED.to_vec(), output);
    let variables = &context.variables;
    let file = "dynamic-linker-m32";
    let no_rpaths = variables.is_one("NIX_DONT_SET_RPATH");
    let sets_build_id = variables.is_one("NIX_SET_BUILD_ID");
    let is_looked_at = !no_rpaths || sets_build_id || files.find(file).is_some();
    if found.is_32_bit && link_type == LinkType::Dynamic {
        if let Some(path) = files.read(file)? {
            let origin = Origin::FlagFile(file);
            found
                .args
                .push(Arg::new(&b"-dynamic-linker"[..], origin.clone()));
            found.args.push(Arg::new(path, origin));
        }
    }
    if no_rpaths {
        context
            .log
            .explain(|| Explanation::NoRpaths("NIX_DONT_SET_RPATH is 1"));
    } else if link_type == LinkType::StaticPie {
        context
            .log
            .explain(|| Explanation::NoRpaths(DropReason::StaticPie.text()));
    } else {
        let policy = match is_nixpkgs {
            true => RpathPolicy::RunPath,
            false => rpath::policy(context),
        };
        add_rpaths(&libraries, policy, &store, &mut found, context);
    }
    if sets_build_id && !found.relocatable {
        let style = call.environment.get_nonempty(b"NIX_BUILD_ID_STYLE");
        let flag = [b"--build-id=", style.unwrap_or(b"sha1")].concat();
        found.args.push(Arg::new(flag, Origin::Rule("build id")));
    }
    found.relocatable &= is_looked_at;
    found.is_32_bit &= is_looked_at;
    Ok(found)
}

/// The libraries of a link, for each of the two rules for rpaths.
enum Libraries<'c> {
    /// The store is named.
    Stored(LibrarySearch<'c>),
    Free(Link<'c>),
}

impl<'c> Libraries<'c> {
    fn output(&self) -> Option<&'c [u8]> {
        match self {
            Libraries::Stored(search) => search.output,
            Libraries::Free(link) => link.output,
        }
    }

    fn is_relocatable(&self) -> bool {
        match self {
            Libraries::Stored(search) => search.relocatable,
            Libraries::Free(link) => link.relocatable,
        }
    }

    fn is_32_bit(&self) -> bool {
        match self {
            Libraries::Stored(search) => search.is_32_bit,
            Libraries::Free(link) => link.emulation == Some(b"elf_i386"),
        }
    }
}

/// Adds `-rpath` options, and what belongs to them.
fn add_rpaths(
    libraries: &Libraries,
    policy: RpathPolicy,
    store: &Store,
    found: &mut LibraryAdditions,
    context: &mut Context,
) {
    if policy == RpathPolicy::None {
        let why = "the policy for rpaths is none";
        context.log.explain(|| Explanation::NoRpaths(why));
    }
    match libraries {
        Libraries::Stored(_) if policy == RpathPolicy::None => {}
        Libraries::Stored(search) => {
            let rpaths = rpath::rpaths(search, store, context.world, context.log);
            found.args.extend(rpaths.into_iter().flat_map(option));
        }
        Libraries::Free(link) if link.relocatable => return,
        Libraries::Free(link) => {
            let additions = without_store::additions(link, policy, context);
            found
                .before
                .extend(additions.before.into_iter().flat_map(option));
            found
                .args
                .extend(additions.after.into_iter().flat_map(option));
            if !additions.link_only.is_empty() {
                let origin = Origin::Rule("libraries of libraries");
                let list = additions.link_only.join(&b':');
                found
                    .args
                    .push(Arg::new(&b"-rpath-link"[..], origin.clone()));
                found.args.push(Arg::new(list, origin));
            }
            found.drops_empty_rpaths = additions.drops_empty;
        }
    }
    if policy == RpathPolicy::Rpath {
        found.drops_new_tags = true;
        found.args.push(Arg::rule("--disable-new-dtags", "rpath"));
    }
}

/// The option for an rpath.
fn option<'a>(rpath: Rpath) -> [Arg<'a>; 2] {
    let origin = Origin::Rpath {
        library: rpath.library,
        source: rpath.source,
    };
    [
        Arg::new(&b"-rpath"[..], origin.clone()),
        Arg::new(rpath.directory, origin),
    ]
}

impl<'a> LibraryAdditions<'a> {
    /// Leaves only what hooks read.
    pub fn without_arguments(&mut self) {
        self.before.clear();
        self.args.clear();
        self.drops_empty_rpaths = false;
        self.drops_new_tags = false;
    }

    /// Adds the arguments to a linker's command.
    pub fn apply(&mut self, command: &mut Command<'a>, log: &mut Log) {
        command.before.append(&mut self.before);
        command.after.append(&mut self.args);
        if self.drops_empty_rpaths || self.drops_new_tags {
            log.dropping(&mut command.params, DropReason::Rpath, |params, _| {
                self.drop_of_caller(params);
            });
        }
    }

    fn drop_of_caller(&self, params: &mut Vec<Arg<'a>>) {
        let mut keeps = alloc::vec![true; params.len()];
        for n in 0..params.len() {
            let arg = &params[n];
            if !arg.parsed.is_read() {
                continue;
            }
            match arg.parsed.meaning() {
                Meaning::NewDynamicTags if self.drops_new_tags => keeps[n] = false,
                Meaning::Rpath if self.drops_empty_rpaths => {
                    let in_next = arg.parsed.has_separate_value() && n + 1 < params.len();
                    let (place, start) = match arg.joined() {
                        Some(value) => (n, arg.len() - value.len()),
                        None if in_next => (n + 1, 0),
                        None => continue,
                    };
                    match without_empty(&params[place][start..]) {
                        Some(list) => {
                            let bytes = [&params[place][..start], &list].concat();
                            params[place].bytes = bytes.into();
                        }
                        None => keeps[n..=place].fill(false),
                    }
                }
                _ => {}
            }
        }
        let mut keeps = keeps.into_iter();
        params.retain(|_| keeps.next().unwrap_or(true));
    }
}

/// A list of directories without its empty entries. `None` if nothing is left.
pub fn without_empty(list: &[u8]) -> Option<Vec<u8>> {
    let entries: Vec<&[u8]> = entries(list).collect();
    (!entries.is_empty()).then(|| entries.join(&b':'))
}

/// The output of a link with these arguments.
pub fn output<'c, A: Argument<'c>>(args: impl Iterator<Item = A>, parser: Parser) -> &'c [u8] {
    let outputs = parser
        .uses(args)
        .filter(|used| used.meaning == Meaning::Output);
    outputs
        .filter_map(|used| used.value)
        .last()
        .unwrap_or(OUTPUT)
}
