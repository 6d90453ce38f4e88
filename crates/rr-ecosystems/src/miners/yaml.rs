//! YAML with line numbers, bounded against hostile input.
//!
//! Scalars stay the text they are (`3.10` is no number). Aliases share what they name, so an
//! "alias bomb" costs nothing until somebody walks it, and walking is bounded by [`NODE_LIMIT`].

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser};

/// Largest file read, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// Deepest nesting read.
const DEPTH_LIMIT: usize = 60;
/// Most nodes read, and most looked at through aliases.
const NODE_LIMIT: usize = 200_000;

/// A node: what it is, and the line it begins on (from 1).
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) line: u32,
    pub(crate) value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A scalar's text. The line of a block scalar (`|`, `>`) is that of its first text line.
    Text(Rc<str>),
    List(Rc<Vec<Node>>),
    Map(Rc<Vec<(Rc<str>, Node)>>),
}

thread_local! {
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// Reads the first document that is not empty.
///
/// # Errors
/// A sentence on what is wrong, for a note.
pub(crate) fn parse(text: &str) -> Result<Node, String> {
    if text.len() > SIZE_LIMIT {
        return Err(format!("over {SIZE_LIMIT} bytes"));
    }
    LOOKED_AT.set(0);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        builder.take(event, u32::try_from(span.start.line()).unwrap_or(0))?;
        if builder.done.is_some() {
            break;
        }
    }
    builder.done.ok_or_else(|| "empty".to_owned())
}

/// Reads every document that is not empty.
///
/// # Errors
/// A sentence on what is wrong, for a note.
pub(crate) fn parse_all(text: &str) -> Result<Vec<Node>, String> {
    if text.len() > SIZE_LIMIT {
        return Err(format!("over {SIZE_LIMIT} bytes"));
    }
    LOOKED_AT.set(0);
    let mut builder = Builder::default();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        builder.take(event, u32::try_from(span.start.line()).unwrap_or(0))?;
        documents.extend(builder.done.take());
    }
    Ok(documents)
}

enum Open {
    List(Vec<Node>),
    Map(Vec<(Rc<str>, Node)>, Option<Rc<str>>),
}

#[derive(Default)]
struct Builder {
    open: Vec<(Open, u32, usize)>,
    anchors: BTreeMap<usize, Node>,
    count: usize,
    done: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: u32) -> Result<(), String> {
        self.count += 1;
        if self.count > NODE_LIMIT || self.open.len() > DEPTH_LIMIT {
            return Err("too large or too deeply nested".to_owned());
        }
        match event {
            Event::SequenceStart(anchor, _) => {
                self.open.push((Open::List(Vec::new()), line, anchor));
            }
            Event::MappingStart(anchor, _) => {
                self.open.push((Open::Map(Vec::new(), None), line, anchor));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((open, line, anchor)) = self.open.pop() {
                    let value = match open {
                        Open::List(items) => Value::List(Rc::new(items)),
                        Open::Map(pairs, _) => Value::Map(Rc::new(pairs)),
                    };
                    self.insert(Node { line, value }, anchor);
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let null =
                    style == saphyr_parser::ScalarStyle::Plain && matches!(&*text, "~" | "null");
                let text: Rc<str> = if null { Rc::from("") } else { Rc::from(&*text) };
                self.insert(Node { line, value: Value::Text(text) }, anchor);
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let empty = || Node { line, value: Value::Text(Rc::from("")) };
                self.insert(node.unwrap_or_else(empty), 0);
            }
            _ => {}
        }
        Ok(())
    }

    fn insert(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => {
                if !matches!(&node.value, Value::Text(text) if text.is_empty()) {
                    self.done = Some(node);
                }
            }
            Some((Open::List(items), _, _)) => items.push(node),
            Some((Open::Map(pairs, key), _, _)) => match key.take() {
                None => *key = Some(node.text().map_or_else(|| Rc::from("?"), Rc::from)),
                Some(name) if &*name == "<<" => merge(pairs, &node),
                Some(name) => pairs.push((name, node)),
            },
        }
    }
}

/// `<<: *base`, and `<<: [*a, *b]`: keys that are not there yet.
fn merge(pairs: &mut Vec<(Rc<str>, Node)>, base: &Node) {
    match &base.value {
        Value::Map(more) if pairs.len() + more.len() < NODE_LIMIT => {
            for (key, node) in more.iter() {
                if !pairs.iter().any(|(known, _)| known == key) {
                    pairs.push((Rc::clone(key), node.clone()));
                }
            }
        }
        Value::List(bases) => bases.iter().take(20).for_each(|base| merge(pairs, base)),
        _ => {}
    }
}

impl Node {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The last value of a key: later ones rule, as they do for those who read such files.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().rev().find(|(name, _)| &**name == key).map(|(_, node)| node)
    }

    /// The text of a key's scalar.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::text)
    }

    /// The pairs of a mapping; empty for anything else.
    pub(crate) fn pairs(&self) -> &[(Rc<str>, Self)] {
        match &self.value {
            Value::Map(pairs) if spend(pairs.len()) => pairs,
            _ => &[],
        }
    }

    /// The items of a list; empty for anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) if spend(items.len()) => items,
            _ => &[],
        }
    }

    /// The items of a list, or the node itself where it is a scalar that is not empty.
    pub(crate) fn one_or_many(&self) -> Vec<&Self> {
        match &self.value {
            Value::List(_) => self.items().iter().collect(),
            Value::Text(text) if !text.is_empty() => vec![self],
            _ => Vec::new(),
        }
    }

    /// The texts of a list, or of the scalar itself.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.one_or_many().into_iter().filter_map(Self::text).collect()
    }

    /// Variables: a mapping of names to scalars, or a list of `NAME=value`.
    pub(crate) fn variables(&self) -> Vec<(String, String, u32)> {
        let of_pairs = self.pairs().iter().filter_map(|(name, node)| {
            Some((name.to_string(), node.text()?.to_owned(), node.line))
        });
        let of_items = self.items().iter().filter_map(|node| {
            let (name, value) = node.text()?.split_once('=')?;
            Some((name.trim().to_owned(), value.to_owned(), node.line))
        });
        of_pairs.chain(of_items).collect()
    }
}

/// Counts nodes handed out; `false` once there were too many, which ends every walk.
fn spend(count: usize) -> bool {
    let spent = LOOKED_AT.get() + count;
    LOOKED_AT.set(spent);
    spent < 20 * NODE_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_keep_their_text_and_line() {
        let node = parse("a:\n  v: [3.10, '20']\n  run: |\n    one\n    two\n").unwrap();
        let a = node.get("a").unwrap();
        assert_eq!(a.get("v").unwrap().texts(), ["3.10", "20"]);
        let run = a.get("run").unwrap();
        assert_eq!((run.text(), run.line), (Some("one\ntwo\n"), 4));
    }

    #[test]
    fn aliases_and_merges_are_followed() {
        let node = parse("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n").unwrap();
        let y = node.get("y").unwrap();
        assert_eq!((y.text_of("a"), y.text_of("b")), (Some("1"), Some("3")));
    }

    #[test]
    fn an_alias_bomb_costs_nothing() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..50 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(",");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(parse(&text).is_ok());
    }

    #[test]
    fn hostile_files_are_refused() {
        assert!(parse(&"[".repeat(5000)).is_err());
        assert!(parse(&"x".repeat(SIZE_LIMIT + 1)).is_err());
        assert!(parse("").is_err());
    }
}
