//! Random documents over the schema.

use std::collections::HashMap;
use std::fmt::Write;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};

/// The fields of each object and interface: their names, and the type of those that have a selection.
pub struct Fields(HashMap<String, Vec<(String, Option<String>)>>);

impl Fields {
    pub fn of_the_schema() -> Self {
        let schema = parse_schema(parlour::graphql::sdl()).expect("a schema");
        let types = schema.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            _ => None,
        });
        let fields = types.filter_map(|definition| {
            let fields = match definition.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => return None,
            };
            let field = |field: async_graphql::parser::types::FieldDefinition| {
                (field.name.node.to_string(), inner(&field.ty.node).to_owned())
            };
            Some((definition.name.node.to_string(), fields.into_iter().map(|it| field(it.node)).collect::<Vec<_>>()))
        });
        let fields: HashMap<_, _> = fields.collect();
        let has_selection = |name: String| fields.contains_key(&name).then_some(name);
        let typed = |own: &[(String, String)]| {
            own.iter().map(|(name, of)| (name.clone(), has_selection(of.clone()))).collect::<Vec<_>>()
        };
        Self(fields.iter().map(|(name, own)| (name.clone(), typed(own))).collect())
    }
}

impl Fields {
    /// Those of an object.
    pub fn of(&self, object: &str) -> &[(String, Option<String>)] {
        &self.0[object]
    }
}

fn inner(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(items) => inner(items),
    }
}

/// The arguments with which a field is selected; the first also without an alias. Some are not valid.
fn arguments(field: &str, on: &str) -> &'static [&'static str] {
    match (on, field) {
        ("Query", "messages") => &[
            "(conversation: { userId: $other })",
            "(conversation: { userId: $other }, last: 3)",
            "(conversation: { conversationId: $here }, first: 4)",
            "(conversation: { conversationId: $here }, aroundSeq: $seq, last: 5)",
            "(conversation: { conversationId: $absent })",
            "(conversation: { conversationId: $here }, last: 0)",
        ],
        ("Query", "message") => &["(id: $message)", "(id: $absent)"],
        ("Query", "conversation") => &["(by: { userId: $other })", "(by: { conversationId: $here })"],
        ("Query", "conversations") => &["", "(first: 2)", "(first: 1000)"],
        ("Query", "user") => &["(id: $other)", "(id: $absent)"],
        ("Query", "users") => &["", "(first: 2)", "(search: \"b\")"],
        ("Query", "searchMessages") => &["(query: \"tea\")", "(query: \"tea\", first: 2)"],
        ("Conversation", "members") => &["", "(first: 2)", "(first: 0)"],
        ("Conversation", "messages") => &["", "(last: 2)", "(first: 3)", "(aroundSeq: $seq, first: 2)"],
        ("Reaction", "users") => &["", "(first: 1)", "(first: 0)"],
        ("Query", "mentions") => &["", "(first: 2)"],
        ("Conversation", "pinnedMessages") => &["", "(first: 2)"],
        ("Image", "url") => &["", "(maxWidth: 100)", "(maxWidth: $seq)", "(maxWidth: 0)"],
        _ => &[""],
    }
}

/// The fields of `Query` that are documents' roots.
const ROOTS: [&str; 9] =
    ["messages", "message", "conversation", "conversations", "user", "users", "searchMessages", "mentions", "me"];

/// The variables: their names and types.
const VARIABLES: [(&str, &str); 7] = [
    ("other", "ID!"),
    ("here", "ID!"),
    ("absent", "ID!"),
    ("message", "ID!"),
    ("seq", "Int"),
    ("yes", "Boolean!"),
    ("no", "Boolean!"),
];

/// Writes a random document.
pub struct Author<'a> {
    fields: &'a Fields,
    /// Fields that may still be selected.
    left: usize,
    fragments: Vec<String>,
    aliases: usize,
    directives: usize,
}

pub fn random(below: usize) -> usize {
    usize::try_from(getrandom::u64().expect("random numbers") % below as u64).expect("a small number")
}

fn pick<T>(from: &[T]) -> &T {
    &from[random(from.len())]
}

impl<'a> Author<'a> {
    pub fn document(fields: &'a Fields) -> String {
        let mut author = Author { fields, left: 3 + random(25), fragments: Vec::new(), aliases: 0, directives: 0 };
        let mut roots = String::new();
        for _ in 0..1 + random(2) {
            let root = *pick(&ROOTS);
            let field = fields.0["Query"].iter().find(|(name, _)| name == root).expect("a root");
            author.field("Query", field, 6, &mut roots);
        }
        let body = format!("{{ {roots}}} {}", author.fragments.join(" "));
        let used = VARIABLES.iter().filter(|(name, _)| body.contains(&format!("${name}")));
        let declared: Vec<String> = used.map(|(name, of)| format!("${name}: {of}")).collect();
        if declared.is_empty() { format!("query {body}") } else { format!("query({}) {body}", declared.join(", ")) }
    }

    fn selection(&mut self, on: &str, depth: usize) -> String {
        let fields = self.fields;
        let mut selection = String::from("{ ");
        let before = selection.len();
        for _ in 0..1 + random(6) {
            match random(12) {
                0 => selection.push_str("__typename "),
                1 => {
                    let condition = if random(3) > 0 { format!("on {on}") } else { String::new() };
                    let directive = self.directive();
                    let inside = self.selection(on, depth);
                    let _ = write!(selection, "... {condition}{directive} {inside} ");
                }
                2 if self.fragments.len() < 4 => {
                    // Its place, before others are written inside of it.
                    let name = format!("F{}", self.fragments.len());
                    self.fragments.push(String::new());
                    let place = self.fragments.len() - 1;
                    let inside = self.selection(on, depth);
                    self.fragments[place] = format!("fragment {name} on {on} {inside}");
                    let directive = self.directive();
                    let _ = write!(selection, "...{name}{directive} ");
                    if random(3) == 0 {
                        let _ = write!(selection, "...{name} ");
                    }
                }
                _ => {
                    let field = pick(&fields.0[on]);
                    self.field(on, field, depth, &mut selection);
                }
            }
        }
        if selection.len() == before {
            selection.push_str("__typename ");
        }
        selection + "}"
    }

    fn field(&mut self, on: &str, (name, of): &(String, Option<String>), depth: usize, selection: &mut String) {
        if self.left == 0 || (of.is_some() && depth == 0) {
            return;
        }
        self.left -= 1;
        let arguments = arguments(name, on);
        let choice = random(arguments.len());
        // A key always stands for the same field and arguments, so that those that occur twice can be merged.
        if choice > 0 || random(6) == 0 {
            if self.aliases >= 20 {
                return;
            }
            self.aliases += 1;
            let _ = write!(selection, "{}{choice}{name}: ", ["a", "b"][random(2)]);
        }
        let directive = self.directive();
        let _ = write!(selection, "{name}{}{directive} ", arguments[choice]);
        if let Some(of) = of {
            let inside = self.selection(of, depth - 1);
            let _ = write!(selection, "{inside} ");
        }
    }

    fn directive(&mut self) -> &'static str {
        if self.directives >= 20 || random(8) > 0 {
            return "";
        }
        self.directives += 1;
        let directives = [
            " @include(if: $yes)",
            " @include(if: $no)",
            " @skip(if: $yes)",
            " @skip(if: $no)",
            " @skip(if: false)",
            " @include(if: true) @skip(if: false)",
        ];
        directives[random(directives.len())]
    }
}
