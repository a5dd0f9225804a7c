//! A value that has one of some names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Reads a value by its name; help shows the names, and what each means where that is said. For types of
/// packages that know no command line.
pub fn choice<T: Clone + Send + Sync + 'static, const N: usize>(
    values: [(T, &'static str, &'static str); N],
) -> impl TypedValueParser<Value = T> {
    let possible = |(_, name, help): &(T, &'static str, &'static str)| match *help {
        "" => PossibleValue::new(*name),
        help => PossibleValue::new(*name).help(help),
    };
    PossibleValuesParser::new(values.each_ref().map(possible)).map(move |word| {
        let named = values.iter().find(|(_, name, _)| *name == word);
        named.expect("the possible values are the names").0.clone()
    })
}
