//! What a source file defines, and what it names of others. Its tests are left out.

use std::{collections::BTreeSet, iter::Peekable, vec::IntoIter};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The words that the name of an item comes after.
const ITEMS: [&str; 9] =
    ["const", "enum", "fn", "macro_rules", "mod", "static", "struct", "trait", "type"];

#[derive(Default)]
pub(crate) struct SourceFile {
    pub children: Vec<String>,
    pub defines: BTreeSet<String>,
    pub uses: Vec<Use>,
    /// Every path and single name outside `use`; variables are among them.
    pub paths: BTreeSet<Vec<String>>,
}

pub(crate) struct Use {
    pub path: Vec<String>,
    /// What this file calls it; `*` is for everything that `path` holds.
    pub name: String,
    pub reexported: bool,
}

type Tokens = Peekable<IntoIter<String>>;

impl SourceFile {
    pub(crate) fn parse(text: &str) -> Self {
        let mut this = Self::default();
        let mut flat = Vec::new();
        flatten(text.parse().unwrap(), false, &mut flat);
        let mut tokens = flat.into_iter().peekable();
        let mut depth = 0_usize;
        let mut before = String::new();
        while let Some(token) = tokens.next() {
            match token.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                // Elsewhere it is `use<'a>` in a type.
                "use" if tokens.peek().is_some_and(|next| next != "<") => {
                    let reexported = before == "pub" || before == ")";
                    this.read_use(&mut tokens, Vec::new(), reexported);
                }
                item if depth == 0 && ITEMS.contains(&item) => this.read_item(item, &mut tokens),
                _ if is_name(&token) && !["::", ".", "'"].contains(&before.as_str()) => {
                    this.paths.insert(path(token.clone(), &mut tokens));
                }
                _ => {}
            }
            before = token;
        }
        this
    }

    fn read_use(&mut self, tokens: &mut Tokens, mut path: Vec<String>, reexported: bool) {
        while let Some(token) = tokens.next_if(|token| token != ";" && token != "," && token != "}")
        {
            match token.as_str() {
                "::" => {}
                "{" => {
                    while tokens.next_if_eq("}").is_none() {
                        self.read_use(tokens, path.clone(), reexported);
                        tokens.next_if_eq(",");
                    }
                    return;
                }
                "as" => {
                    let name = tokens.next().unwrap();
                    return self.uses.push(Use { path, name, reexported });
                }
                "*" => return self.uses.push(Use { path, name: token, reexported }),
                "self" if !path.is_empty() => {}
                _ => path.push(token),
            }
        }
        let name = path.last().unwrap().clone();
        self.uses.push(Use { path, name, reexported });
    }

    fn read_item(&mut self, item: &str, tokens: &mut Tokens) {
        tokens.next_if_eq("!");
        let Some(name) = tokens.next_if(|token| is_name(token) && token != "fn") else { return };
        if item == "mod" && tokens.next_if_eq(";").is_some() {
            self.children.push(name);
        } else {
            self.defines.insert(name);
        }
    }
}

/// The rest of a path that starts with `first`.
fn path(first: String, tokens: &mut Tokens) -> Vec<String> {
    let mut path = vec![first];
    while tokens.next_if_eq("::").is_some() {
        let Some(name) = tokens.next_if(|token| is_name(token)) else { break };
        path.push(name);
    }
    path
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The tokens one after another, with brackets as tokens. What a module written `inside` the file calls
/// `super` is the file itself.
fn flatten(stream: TokenStream, inside: bool, flat: &mut Vec<String>) {
    let mut tokens = stream.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let text = group.to_string().replace(' ', "");
                if text == "[cfg(test)]" || text.starts_with("[cfg(all(test,") {
                    tokens.find(is_end_of_item);
                    flat.pop();
                    continue;
                }
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                };
                let is_module =
                    open == "{" && flat.iter().nth_back(1).is_some_and(|it| it == "mod");
                flat.push(open.to_owned());
                flatten(group.stream(), inside || is_module, flat);
                flat.push(close.to_owned());
            }
            TokenTree::Punct(punct)
                if punct.as_char() == ':' && punct.spacing() == Spacing::Joint =>
            {
                tokens.next();
                flat.push("::".to_owned());
            }
            TokenTree::Ident(word) if inside && word == "super" => flat.push("self".to_owned()),
            // A string may hold anything.
            TokenTree::Literal(_) => flat.push("0".to_owned()),
            other => flat.push(other.to_string()),
        }
    }
}

fn is_end_of_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}
