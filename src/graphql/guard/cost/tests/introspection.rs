//! Introspection: the queries of tools are accepted, cyclic and very wide ones are rejected.

use super::{measured, refused};
use crate::graphql::guard::{QueryLimit, lexical};

/// The result of graphql-js' `getIntrospectionQuery` with all options and this many levels of `ofType`.
fn introspection_query(levels: usize) -> String {
    let of_type = format!("{}{}", "ofType { name kind ".repeat(levels), "}".repeat(levels));
    format!(
        "query IntrospectionQuery {{
            __schema {{
                description
                queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
                types {{ ...FullType }}
                directives(includeDeprecated: true) {{
                    name description isRepeatable isDeprecated deprecationReason locations
                    args(includeDeprecated: true) {{ ...InputValue }}
                }}
            }}
        }}
        fragment FullType on __Type {{
            kind name description specifiedByURL isOneOf
            fields(includeDeprecated: true) {{
                name description
                args(includeDeprecated: true) {{ ...InputValue }}
                type {{ ...TypeRef }}
                isDeprecated deprecationReason
            }}
            inputFields(includeDeprecated: true) {{ ...InputValue }}
            interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
            possibleTypes {{ ...TypeRef }}
        }}
        fragment InputValue on __InputValue {{
            name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason
        }}
        fragment TypeRef on __Type {{ kind name {of_type} }}"
    )
}

#[test]
fn the_introspection_of_tools_passes_and_costs_nothing() {
    for levels in [3, 7, 9, 10, 12] {
        let text = introspection_query(levels);
        assert_eq!(lexical::check(&text), Ok(()), "{levels}");
        let measure = measured(&text);
        assert_eq!((measure.depth, measure.objects, measure.root_fields), (1, 0, 1), "{levels}");
    }
    assert_eq!(refused(&introspection_query(20)), Some(QueryLimit::IntrospectionDepth));
}

#[test]
fn cyclic_introspection_is_refused() {
    let circle = |times| format!("{}name{}", "fields { type { ".repeat(times), " } }".repeat(times));
    for root in ["__schema { types {", "__type(name: \"User\") { ofType {"] {
        assert_eq!(refused(&format!("{{ {root} {} }} }} }}", circle(2))), None);
        for times in [3, 4, 7] {
            assert_eq!(refused(&format!("{{ {root} {} }} }} }}", circle(times))), Some(QueryLimit::IntrospectionLists));
        }
    }
    let of_types = format!("{{ __type(name: \"User\") {{ {} name {} }} }}", "ofType { ".repeat(30), "} ".repeat(30));
    assert_eq!(refused(&of_types), Some(QueryLimit::IntrospectionDepth));
    let through_fragments = "{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } }
        fragment B on __Type { interfaces { ...C } } fragment C on __Type { possibleTypes { name } }";
    assert_eq!(refused(through_fragments), Some(QueryLimit::IntrospectionLists));
}

#[test]
fn wide_introspection_is_refused() {
    let query = introspection_query(9);
    let (operation, fragments) = query.split_once("fragment").expect("it has fragments");
    let types = "types { ...FullType } ".repeat(3);
    let wide = format!("{}fragment{fragments}", operation.replace("types { ...FullType }", &types));
    assert_eq!(refused(&wide), Some(QueryLimit::Values));
    let schemas = format!("{{ {} }}", "__schema { types { fields { type { fields { name } } } } } ".repeat(18));
    assert_eq!(refused(&schemas), None);
    assert_eq!(refused(&schemas.replace("name", &"name ".repeat(5))), Some(QueryLimit::Values));
    let types = format!("{{ __schema {{ types {{ {} }} }} }}", "name ".repeat(1_900));
    assert_eq!(refused(&types), None);
    assert_eq!(refused(&types.replace("types", "types { fields").replace("} }", "} } }")), Some(QueryLimit::Values));
}
