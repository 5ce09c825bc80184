//! What is shown of a report, in order: headings, paragraphs, lists and tables. How it looks is for those who show it:
//! [`crate::markdown`] writes it as Markdown, the command line on a terminal.

use core::ops::Range;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Plain(String),
    /// What a reader looks for first.
    Strong(String),
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading; the document's own has level 1.
    Heading {
        /// 1 or 2.
        level: u8,
        /// Its text.
        text: String,
    },
    /// A paragraph.
    Paragraph(String),
    /// A list.
    Items(Vec<Vec<Span>>),
    /// A table.
    Table(Table),
}

/// A table: a head, and rows of as many cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The heads of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Which columns, from 0, hold numbers and are set to the right.
    pub numbers: Range<usize>,
}

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    blocks: Vec<Block>,
}

impl Document {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Its blocks, in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Adds the document's own heading.
    pub fn title(&mut self, text: impl Into<String>) {
        self.heading(1, text);
    }

    /// Adds the heading of a section.
    pub fn section(&mut self, text: impl Into<String>) {
        self.heading(2, text);
    }

    fn heading(&mut self, level: u8, text: impl Into<String>) {
        let text = text.into();
        self.blocks.push(Block::Heading { level, text });
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// Adds a list; nothing where it is empty.
    pub fn items(&mut self, items: impl IntoIterator<Item = Vec<Span>>) {
        let items: Vec<Vec<Span>> = items.into_iter().collect();
        if !items.is_empty() {
            self.blocks.push(Block::Items(items));
        }
    }

    /// Adds a table of which the columns `numbers` are set to the right.
    pub fn table(
        &mut self,
        head: impl IntoIterator<Item = impl Into<String>>,
        numbers: Range<usize>,
        rows: impl IntoIterator<Item = impl IntoIterator<Item = String>>,
    ) {
        let row = |row: &mut dyn Iterator<Item = String>| row.collect();
        self.blocks.push(Block::Table(Table {
            head: head.into_iter().map(Into::into).collect(),
            rows: rows
                .into_iter()
                .map(|cells| row(&mut cells.into_iter()))
                .collect(),
            numbers,
        }));
    }

    /// Adds a section with a table; nothing where there are no rows.
    pub fn section_of_table(
        &mut self,
        title: &str,
        head: impl IntoIterator<Item = impl Into<String>>,
        numbers: Range<usize>,
        rows: impl IntoIterator<Item = impl IntoIterator<Item = String>>,
    ) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_some() {
            self.section(title);
            self.table(head, numbers, rows);
        }
    }
}

/// A line of plain text.
#[must_use]
pub fn plain(text: impl Into<String>) -> Vec<Span> {
    vec![Span::Plain(text.into())]
}
