//! Finds columns in the header of a file.

use csv::ByteRecord;

use super::super::delimiter;
use super::super::mapping::Mapping;
use super::super::source::decode;
use super::{Column, Encoding};
use ayaz_daemon::nearest::suggestion;

pub(super) struct Header {
    names: Vec<String>,
    first_line: String,
    delimiter: char,
    is_text: bool,
}

impl Header {
    pub(super) fn of(fields: &ByteRecord, mapping: &Mapping) -> Header {
        let is_text = fields
            .iter()
            .all(|field| decode(field, mapping.encoding).is_some());
        let names: Vec<String> = fields
            .iter()
            .map(|field| match decode(field, mapping.encoding) {
                Some(name) => name.into_owned(),
                None => String::from_utf8_lossy(field).into_owned(),
            })
            .collect();
        Header {
            first_line: names.join(&mapping.delimiter.to_string()),
            names,
            delimiter: mapping.delimiter,
            is_text: is_text || mapping.encoding != Encoding::Utf8,
        }
    }

    /// The column with this name; an error if there are two.
    pub(super) fn find(&self, name: &str) -> Option<Result<Column, String>> {
        let mut found = self
            .names
            .iter()
            .enumerate()
            .filter(|(_, column)| *column == name);
        let (position, _) = found.next()?;
        Some(match found.next() {
            None => Ok(Column {
                position,
                name: name.to_owned(),
            }),
            Some(_) => Err(format!("the header has column {name:?} twice: rename one")),
        })
    }

    pub(super) fn find_unless_optional(
        &self,
        name: &str,
        optional: bool,
    ) -> Result<Option<Column>, String> {
        match self.find(name) {
            Some(column) => column.map(Some),
            None if optional => Ok(None),
            None => Err(self.missing([name])),
        }
    }

    /// The message if none of these columns exists.
    pub(super) fn missing<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> String {
        let names: Vec<&str> = names.into_iter().collect();
        let mut text = match names.as_slice() {
            [name] => format!("the header has no column {name:?}"),
            names => format!("the header has none of the columns {names:?}"),
        };
        let delimiter_hint = delimiter::hint(&self.first_line, self.delimiter);
        if delimiter_hint.is_empty()
            && let [name] = names.as_slice()
        {
            text += &suggestion(name, self.names.iter().map(String::as_str));
        }
        text += &delimiter_hint;
        if !self.is_text {
            text += "; the header is not UTF-8: set encoding = \"latin-1\"";
        }
        text
    }
}
