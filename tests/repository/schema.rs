//! `schema.graphql` against the contract that clients are written for: all of it must be there unchanged.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Positioned, parser};

use crate::{none_of, read};

/// A document's types, and extensions of types, with their names.
fn types(path: &str) -> Vec<(String, TypeDefinition)> {
    let document: ServiceDocument = parser::parse_schema(read(path)).expect("a schema");
    let definitions = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.to_string(), definition.node)),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    definitions.collect()
}

#[test]
fn the_schema_keeps_the_contract() {
    let mut comparison = Comparison::default();
    let schema: BTreeMap<String, TypeDefinition> = types("schema.graphql").into_iter().collect();
    for contract in ["tests/contract.graphql", "tests/contract_additions.graphql"] {
        for (name, wanted) in &types(contract) {
            match schema.get(name) {
                Some(given) => comparison.types(name, wanted, given),
                None => comparison.lacks(name.clone()),
            }
        }
    }
    none_of("The schema departs from the contract", &comparison.different);
    none_of("The schema lacks of the contract", &comparison.missing.into_iter().collect::<Vec<_>>());
}

/// What a comparison has found.
#[derive(Default)]
struct Comparison {
    missing: BTreeSet<String>,
    different: Vec<String>,
}

impl Comparison {
    fn lacks(&mut self, place: String) {
        self.missing.insert(place);
    }

    fn same(&mut self, place: &str, wanted: String, given: String) {
        if wanted != given {
            self.different.push(format!("{place} is {given}, the contract has {wanted}"));
        }
    }

    fn types(&mut self, name: &str, wanted_type: &TypeDefinition, given: &TypeDefinition) {
        if !wanted_type.extend {
            self.same(name, directives(wanted_type), directives(given));
        }
        match (&wanted_type.kind, &given.kind) {
            (TypeKind::Scalar, TypeKind::Scalar) => {}
            (TypeKind::Object(wanted), TypeKind::Object(given)) => {
                for interface in &wanted.implements {
                    if !given.implements.iter().any(|known| known.node == interface.node) {
                        self.different.push(format!("{name} does not implement {}", interface.node));
                    }
                }
                self.fields(name, &wanted.fields, &given.fields);
            }
            (TypeKind::Interface(wanted), TypeKind::Interface(given)) => {
                self.fields(name, &wanted.fields, &given.fields);
            }
            (TypeKind::Enum(wanted), TypeKind::Enum(given)) => {
                for value in &wanted.values {
                    let value = &value.node.value.node;
                    if !given.values.iter().any(|known| known.node.value.node == *value) {
                        self.lacks(format!("{name}.{value}"));
                    }
                }
            }
            (TypeKind::InputObject(wanted), TypeKind::InputObject(given)) => {
                self.inputs(name, &wanted.fields, &given.fields);
                // An extension does not repeat what is there already.
                if !wanted_type.extend {
                    self.required(name, &wanted.fields, &given.fields);
                }
            }
            _ => self.different.push(format!("{name} is another kind of type")),
        }
    }

    fn fields(&mut self, parent: &str, wanted: &[Positioned<FieldDefinition>], given: &[Positioned<FieldDefinition>]) {
        for field in wanted {
            let place = format!("{parent}.{}", field.node.name.node);
            let Some(known) = given.iter().find(|known| known.node.name.node == field.node.name.node) else {
                self.lacks(place);
                continue;
            };
            self.same(&place, field.node.ty.node.to_string(), known.node.ty.node.to_string());
            self.inputs(&place, &field.node.arguments, &known.node.arguments);
            self.required(&place, &field.node.arguments, &known.node.arguments);
        }
    }

    /// Arguments and fields of inputs.
    fn inputs(
        &mut self,
        parent: &str,
        wanted: &[Positioned<InputValueDefinition>],
        given: &[Positioned<InputValueDefinition>],
    ) {
        for input in wanted {
            let place = format!("{parent}.{}", input.node.name.node);
            match given.iter().find(|known| known.node.name.node == input.node.name.node) {
                Some(known) => self.same(&place, signature(&input.node), signature(&known.node)),
                None => self.lacks(place),
            }
        }
    }

    /// What is there beside the contract may be left out.
    fn required(
        &mut self,
        parent: &str,
        wanted: &[Positioned<InputValueDefinition>],
        given: &[Positioned<InputValueDefinition>],
    ) {
        for known in given.iter().map(|known| &known.node) {
            let is_wanted = wanted.iter().any(|input| input.node.name.node == known.name.node);
            if !is_wanted && !known.ty.node.nullable && known.default_value.is_none() {
                self.different.push(format!("{parent}.{} is required, the contract has no such", known.name.node));
            }
        }
    }
}

fn signature(input: &InputValueDefinition) -> String {
    let default = input.default_value.as_ref().map(|value| format!(" = {}", value.node));
    format!("{}{}", input.ty.node, default.unwrap_or_default())
}

fn directives(definition: &TypeDefinition) -> String {
    let is_one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
    let is_one_of = if is_one_of { " @oneOf" } else { "" };
    format!("{}{is_one_of}", definition.name.node)
}

#[test]
fn everything_in_the_schema_is_described() {
    let mut bare = Vec::new();
    let mut check = |place: String, description: &Option<Positioned<String>>| {
        if description.as_ref().is_none_or(|text| text.node.trim().is_empty()) {
            bare.push(place);
        }
    };
    let inputs = |parent: &str, inputs: &[Positioned<InputValueDefinition>], check: &mut dyn FnMut(_, &_)| {
        for input in inputs {
            check(format!("{parent}.{}", input.node.name.node), &input.node.description);
        }
    };
    for (name, definition) in &types("schema.graphql") {
        check(name.clone(), &definition.description);
        let fields = match &definition.kind {
            TypeKind::Object(object) => object.fields.as_slice(),
            TypeKind::Interface(interface) => interface.fields.as_slice(),
            TypeKind::Scalar | TypeKind::Union(_) => &[],
            TypeKind::Enum(choice) => {
                for value in &choice.values {
                    check(format!("{name}.{}", value.node.value.node), &value.node.description);
                }
                &[]
            }
            TypeKind::InputObject(object) => {
                inputs(name, &object.fields, &mut check);
                &[]
            }
        };
        for field in fields {
            let place = format!("{name}.{}", field.node.name.node);
            check(place.clone(), &field.node.description);
            inputs(&place, &field.node.arguments, &mut check);
        }
    }
    none_of("Not described", &bare);
}
