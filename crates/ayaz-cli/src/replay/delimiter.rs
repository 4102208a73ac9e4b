//! Guesses the delimiter of a header, for error messages.

/// A hint if another delimiter splits the line into more fields than the mapping's.
pub fn hint(first_line: &str, delimiter: char) -> String {
    let count = |wanted: char| first_line.chars().filter(|c| *c == wanted).count();
    let other = [';', ',', '\t', '|'].into_iter().max_by_key(|c| count(*c));
    match other.filter(|c| count(*c) > count(delimiter)) {
        Some('\t') => "; its first line looks tab-separated: set delimiter = \"\\t\"".to_owned(),
        Some(c) => format!("; its first line looks `{c}`-separated: set delimiter = \"{c}\""),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_delimiter_is_named_only_if_it_splits_more() {
        assert!(hint("a;b;c, d", ',').contains("`;`-separated"));
        assert!(hint("a\tb", ',').contains("tab-separated"));
        assert_eq!(hint("a,b;c,d", ','), "");
        assert_eq!(hint("", ','), "");
    }
}
