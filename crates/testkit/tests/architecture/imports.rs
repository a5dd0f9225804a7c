//! Which file of a crate imports what another file of it defines.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use crate::source_file::SourceFile;

/// How many re-exports a name is followed through; globs may go round.
const REEXPORTS_MAX: usize = 12;

type Module = Vec<String>;

/// The files of a crate, each called by its module.
#[derive(Default)]
pub(crate) struct Imports {
    files: BTreeMap<Module, SourceFile>,
    /// Who imports from whom, with one of the paths that say so.
    edges: BTreeMap<Module, BTreeMap<Module, String>>,
}

impl Imports {
    /// Follows the modules from the root of a crate. `text_of` reads the file at a path below `src`.
    pub(crate) fn of_crate(text_of: impl Fn(&str) -> String) -> Self {
        let mut this = Self::default();
        let mut unread = vec![Module::new()];
        while let Some(module) = unread.pop() {
            let file = SourceFile::parse(&text_of(&file_name(&module)));
            unread.extend(file.children.iter().map(|child| joined(&module, child)));
            this.files.insert(module, file);
        }
        this.edges =
            this.files.keys().map(|module| (module.clone(), this.imported_by(module))).collect();
        this
    }

    fn imported_by(&self, module: &Module) -> BTreeMap<Module, String> {
        let file = &self.files[module];
        let used = file.uses.iter().filter(|import| !import.reexported).map(|import| &import.path);
        let found = used.chain(&file.paths).filter_map(|path| {
            let definer = self.definer(module, path, REEXPORTS_MAX)?;
            (definer != *module).then(|| (definer, path.join("::")))
        });
        found.collect()
    }

    /// The file that defines what `module` calls `path`. None for what is of other crates, and for a module
    /// itself: imported is what is then named inside it.
    fn definer(&self, module: &[String], path: &[String], reexports: usize) -> Option<Module> {
        let (name, rest) = path.split_first()?;
        match name.as_str() {
            "crate" => return self.definer(&[], rest, reexports),
            "self" => return self.definer(module, rest, reexports),
            "super" => return self.definer(module.split_last()?.1, rest, reexports),
            _ => {}
        }
        let file = self.files.get(module)?;
        if file.children.contains(name) && !rest.is_empty() {
            return self.definer(&joined(module, name), rest, reexports);
        }
        if file.defines.contains(name) {
            return Some(module.to_vec());
        }
        let reexports = reexports.checked_sub(1)?;
        file.uses.iter().find_map(|import| {
            let rest = match import.name.as_str() {
                "*" => path,
                alias if alias == name => rest,
                _ => return None,
            };
            self.definer(module, &[&import.path, rest].concat(), reexports)
        })
    }

    /// For each set of files that import one another in circles, the imports that do.
    pub(crate) fn cycles(&self) -> Vec<Vec<String>> {
        let reached: BTreeMap<_, _> =
            self.files.keys().map(|from| (from, self.reached(from))).collect();
        let together = reached.iter().map(|(from, to)| {
            to.iter().copied().filter(|to| reached[to].contains(from)).collect::<BTreeSet<_>>()
        });
        let circles: BTreeSet<_> = together.filter(|files| !files.is_empty()).collect();
        circles.iter().map(|files| self.imports_among(files)).collect()
    }

    fn reached<'a>(&'a self, from: &'a Module) -> BTreeSet<&'a Module> {
        let mut found = BTreeSet::new();
        let mut unseen = vec![from];
        while let Some(module) = unseen.pop() {
            unseen.extend(self.edges[module].keys().filter(|to| found.insert(*to)));
        }
        found
    }

    fn imports_among(&self, files: &BTreeSet<&Module>) -> Vec<String> {
        let mut imports = Vec::new();
        for from in files {
            for (to, path) in self.edges[*from].iter().filter(|(to, _)| files.contains(to)) {
                imports.push(format!("{} imports {path} of {}", file_name(from), file_name(to)));
            }
        }
        imports
    }
}

fn joined(module: &[String], child: &str) -> Module {
    module.iter().cloned().chain(iter::once(child.to_owned())).collect()
}

/// Where a module is, below `src`.
fn file_name(module: &[String]) -> String {
    if module.is_empty() { "lib.rs".to_owned() } else { format!("{}.rs", module.join("/")) }
}

/// `run.rs` is in no circle: it only hands on what `outcome.rs` defines.
#[test]
fn a_circle_through_reexports_is_found() {
    let text_of = |path: &str| {
        let text = match path {
            "lib.rs" => "mod plan; mod run; mod words; pub use run::{Run as Sweep, result};",
            "plan.rs" => {
                "use crate::{Sweep, words::{self, *}};
                 pub struct Plan(Sweep);
                 fn plan() { said() }"
            }
            "run.rs" => {
                "mod outcome;
                 pub use self::outcome::{Outcome, outcome as result};
                 // crate::plan::Plan
                 pub struct Run;
                 mod inside { use super::Run; }
                 #[cfg(test)]
                 mod tests { use crate::words::said; }"
            }
            "run/outcome.rs" => "pub fn outcome() { super::super::plan::Plan; }",
            "words.rs" => "pub fn said() { crate::result(\"crate::run::Run\") }",
            _ => unreachable!("{path}"),
        };
        text.to_owned()
    };
    let imports = [
        "plan.rs imports said of words.rs",
        "run/outcome.rs imports super::super::plan::Plan of plan.rs",
        "words.rs imports crate::result of run/outcome.rs",
    ];
    assert_eq!(Imports::of_crate(text_of).cycles(), [imports]);
}
