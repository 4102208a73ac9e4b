//! The first line of a file.

use std::path::Path;

use super::super::delimiter;
use super::super::mapping::Mapping;
use super::super::source::{Progress, RowLimit, decode, reader};
use super::{Column, Encoding};
use ayaz_daemon::nearest::suggestion;

pub(super) struct Header {
    names: Vec<String>,
    first_line: String,
    delimiter: char,
    is_text: bool,
}

impl Header {
    pub(super) fn read(path: &Path, mapping: &Mapping) -> Result<Header, String> {
        let (progress, limit) = (Progress::default(), RowLimit::default());
        let mut reader = reader(path, mapping.delimiter as u8, progress, limit)
            .map_err(|error| format!("cannot be opened: {error}"))?;
        let fields = reader.byte_headers().map_err(|error| match error.kind() {
            csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                "the file ends within its header: it is truncated, fetch it again".to_owned()
            }
            csv::ErrorKind::Io(error) => format!("cannot be read: {error}"),
            _ => format!("cannot be read: {error}"),
        })?;
        if fields.iter().all(|field| field.is_empty()) {
            return Err("the file is empty, it has no header".to_owned());
        }
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
        Ok(Header {
            first_line: names.join(&mapping.delimiter.to_string()),
            names,
            delimiter: mapping.delimiter,
            is_text: is_text || mapping.encoding != Encoding::Utf8,
        })
    }

    /// The column of that name; an error if there are two.
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

    /// What to say when none of these columns is there.
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
