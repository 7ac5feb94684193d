//! Conversion of valid elements to models.

use super::context::Cotype;
use super::element::{Element, ElementIx, Val};
use super::inherit::InheritedContents;
use super::metamodel::{ARRAY, COMMAND, COMPONENT, ENUM, INTERFACE, MAP, OBJECT, PROPERTY, RELATIONSHIP, TELEMETRY};
use super::quantities::UnitClass;
use super::read::ElementReader;
use super::standard::{Shape, Standard, StandardObject};
use crate::diagnostic::Place;
use crate::model::{
    Command, Component, DeclaredProperty, EnumValue, Field, Interface, ModelIx, Models, Payload, Primitive, Property,
    RelationshipType, Schema, SchemaIx, Schemas, short_name,
};
use crate::unit::{self, Unit};
use crate::value::{Kind, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The largest number of columns of an object, including nested objects; a larger object is stored whole.
const MAX_COLUMNS: usize = 256;
/// The largest nesting depth of schemas that is converted, beyond the limits of all versions of DTDL.
const MAX_DEPTH: usize = 32;

/// Returns the models of all interfaces.
pub(super) fn models(reader: &ElementReader<'_>, all: &HashMap<ElementIx, InheritedContents>) -> Models {
    let mut interfaces: BTreeMap<&str, ElementIx> = BTreeMap::new();
    for (ix, element) in reader.elements.iter().enumerate() {
        let is_known = reader.by_id.get(&element.id) == Some(&(ix as ElementIx));
        if element.class == &INTERFACE && is_known && !element.id.starts_with("dtmi:unnamed:") {
            interfaces.insert(&element.id, ix as ElementIx);
        }
    }
    let numbers: HashMap<ElementIx, ModelIx> =
        interfaces.values().enumerate().map(|(at, ix)| (*ix, ModelIx(at as u32))).collect();
    let mut extract = Extract {
        reader,
        schemas: Schemas::default(),
        by_element: HashMap::new(),
        by_primitive: HashMap::new(),
        contents: HashMap::new(),
    };
    let models = interfaces.values().map(|ix| extract.interface(*ix, all, &numbers)).collect();
    Models::new(models, extract.schemas)
}

/// The parts of a model that one content of an interface gives.
#[derive(Clone, Default)]
struct Content {
    properties: Vec<Arc<Property>>,
    declared: Option<Arc<DeclaredProperty>>,
    relationship: Option<Arc<RelationshipType>>,
    command: Option<Arc<Command>>,
}

struct Extract<'r, 'a> {
    reader: &'r ElementReader<'a>,
    schemas: Schemas,
    by_element: HashMap<ElementIx, SchemaIx>,
    by_primitive: HashMap<Primitive, SchemaIx>,
    /// The converted contents, which are shared by all interfaces that inherit them.
    contents: HashMap<ElementIx, Content>,
}

impl Extract<'_, '_> {
    fn element(&self, ix: ElementIx) -> &Element {
        &self.reader.elements[ix as usize]
    }

    fn place(&self, element: &Element) -> Place {
        self.reader.sources[element.source as usize].place_at(element.start)
    }

    fn interface(
        &mut self,
        ix: ElementIx,
        all: &HashMap<ElementIx, InheritedContents>,
        numbers: &HashMap<ElementIx, ModelIx>,
    ) -> Interface {
        let element = self.element(ix);
        let inherited = all.get(&ix).cloned().unwrap_or_default();
        let mut ancestors: Vec<ModelIx> =
            inherited.ancestors.iter().chain([&ix]).filter_map(|ix| numbers.get(ix).copied()).collect();
        ancestors.sort_unstable();
        ancestors.dedup();
        let mut interface = Interface {
            id: element.id.clone(),
            display_name: element
                .localised("displayName")
                .map_or_else(|| short_name(&element.id).into(), str::to_string),
            description: element.localised("description").map(str::to_string),
            place: self.place(element),
            ancestors,
            properties: Vec::new(),
            declared: Vec::new(),
            relationships: Vec::new(),
            components: Vec::new(),
            commands: Vec::new(),
        };
        for content in inherited.contents.iter() {
            let element = self.element(*content);
            if element.class != &COMPONENT {
                self.add(&mut interface, *content, None);
                continue;
            }
            let (Some(name), Some(schema)) = (element.text("name"), element.elements("schema").next()) else {
                continue;
            };
            let name: Arc<str> = name.into();
            interface.components.push(Component { name: name.clone(), schema: self.element(schema).id.clone() });
            for inner in all.get(&schema).map(|has| has.contents.clone()).unwrap_or_default().iter() {
                self.add(&mut interface, *inner, Some(&name));
            }
        }
        interface
    }

    /// Adds a content to an interface, under the name of a component if one is given.
    fn add(&mut self, interface: &mut Interface, ix: ElementIx, component: Option<&str>) {
        let content = match self.contents.get(&ix) {
            Some(known) => known.clone(),
            None => {
                let content = self.content(ix);
                self.contents.insert(ix, content.clone());
                content
            }
        };
        let Some(component) = component else {
            interface.properties.extend(content.properties);
            interface.declared.extend(content.declared);
            interface.relationships.extend(content.relationship);
            interface.commands.extend(content.command);
            return;
        };
        let dotted = |name: &str| -> Arc<str> { format!("{component}.{name}").into() };
        let inside =
            |property: Arc<Property>| Arc::new(Property { name: dotted(&property.name), ..(*property).clone() });
        interface.properties.extend(content.properties.into_iter().map(inside));
        interface.declared.extend(
            content.declared.map(|own| Arc::new(DeclaredProperty { name: dotted(&own.name), ..(*own).clone() })),
        );
        interface
            .commands
            .extend(content.command.map(|own| Arc::new(Command { name: dotted(&own.name), ..(*own).clone() })));
    }

    fn content(&mut self, ix: ElementIx) -> Content {
        let mut content = Content::default();
        let element = self.element(ix);
        let Some(name) = element.text("name").map(Arc::<str>::from) else { return content };
        let (class, place) = (element.class, self.place(element));
        let display_name = label(element, &name);
        let description = element.localised("description").map(str::to_string);
        if class == &PROPERTY || class == &TELEMETRY {
            let Some(declared) = self.declared(ix) else { return content };
            let element = self.element(ix);
            let root = Property {
                name,
                display_name,
                description,
                kind: Kind::Json,
                schema: declared.schema,
                unit: unit_of(element),
                choices: Vec::new(),
                telemetry: declared.telemetry,
                writable: element.is_set("writable"),
                place,
            };
            self.columns(root, &mut Vec::new(), &mut content.properties);
            content.declared = Some(Arc::new(declared));
        } else if class == &RELATIONSHIP {
            let properties: Vec<ElementIx> = element.elements("properties").collect();
            let relationship = RelationshipType {
                name,
                display_name,
                description,
                target: element.text("target").map(Into::into),
                max_multiplicity: element.integer("maxMultiplicity").and_then(|max| u32::try_from(max).ok()),
                properties: properties.into_iter().filter_map(|property| self.declared(property)).collect(),
                place,
            };
            content.relationship = Some(Arc::new(relationship));
        } else if class == &COMMAND {
            let (request, response) = (element.elements("request").next(), element.elements("response").next());
            let request = request.and_then(|ix| self.payload(ix));
            let response = response.and_then(|ix| self.payload(ix));
            content.command = Some(Arc::new(Command { name, display_name, description, request, response, place }));
        }
        content
    }

    fn declared(&mut self, ix: ElementIx) -> Option<DeclaredProperty> {
        let schema = self.schema_of(ix)?;
        let element = self.element(ix);
        Some(DeclaredProperty {
            name: element.text("name")?.into(),
            schema,
            telemetry: element.class == &TELEMETRY,
            required: element.cotype("Required").is_some(),
        })
    }

    fn payload(&mut self, ix: ElementIx) -> Option<Payload> {
        let schema = self.schema_of(ix)?;
        let element = self.element(ix);
        let name = element.text("name")?;
        Some(Payload {
            name: name.into(),
            display_name: label(element, name),
            schema,
            unit: unit_of(element),
            nullable: element.is_set("nullable"),
        })
    }

    /// Adds the columns of a property: one, or one for each field of an object.
    fn columns(&self, property: Property, around: &mut Vec<SchemaIx>, columns: &mut Vec<Arc<Property>>) {
        let split = match self.schemas.get(property.schema) {
            Schema::Object(fields) if !fields.is_empty() && !around.contains(&property.schema) => {
                self.width(property.schema, &mut Vec::new()) <= MAX_COLUMNS
            }
            _ => false,
        };
        if split && let Schema::Object(fields) = self.schemas.get(property.schema) {
            around.push(property.schema);
            for field in fields {
                let inner = Property {
                    name: format!("{}.{}", property.name, field.name).into(),
                    display_name: format!("{} · {}", property.display_name, field.display_name),
                    description: None,
                    schema: field.schema,
                    unit: field.unit,
                    ..property.clone()
                };
                self.columns(inner, around, columns);
            }
            around.pop();
            return;
        }
        let (kind, choices) = match self.schemas.get(property.schema) {
            Schema::Primitive(primitive) => (primitive.kind(), Vec::new()),
            Schema::Enum { integer: true, .. } => (Kind::Integer, Vec::new()),
            Schema::Enum { values, .. } => (Kind::Text, values.iter().map(|choice| choice.value.to_string()).collect()),
            _ => (Kind::Json, Vec::new()),
        };
        columns.push(Arc::new(Property { kind, choices, ..property }));
    }

    /// Returns the number of columns of a schema, at most [`MAX_COLUMNS`] + 1.
    fn width(&self, ix: SchemaIx, around: &mut Vec<SchemaIx>) -> usize {
        let Schema::Object(fields) = self.schemas.get(ix) else { return 1 };
        if fields.is_empty() || around.contains(&ix) || around.len() > MAX_DEPTH {
            return 1;
        }
        around.push(ix);
        let mut width = 0;
        for field in fields {
            width += self.width(field.schema, around);
            if width > MAX_COLUMNS {
                break;
            }
        }
        around.pop();
        width.min(MAX_COLUMNS + 1)
    }

    /// Returns the schema in an element's property `schema`.
    fn schema_of(&mut self, ix: ElementIx) -> Option<SchemaIx> {
        self.value(ix, "schema", 0)
    }

    fn value(&mut self, ix: ElementIx, property: &str, depth: usize) -> Option<SchemaIx> {
        match self.element(ix).first(property)?.value {
            Val::Child(schema) | Val::Linked(schema) => Some(self.schema(schema, depth)),
            Val::Standard(standard) => self.standard(standard),
            _ => None,
        }
    }

    fn primitive(&mut self, primitive: Primitive) -> SchemaIx {
        if let Some(known) = self.by_primitive.get(&primitive) {
            return *known;
        }
        let ix = self.schemas.add(Schema::Primitive(primitive));
        self.by_primitive.insert(primitive, ix);
        ix
    }

    fn standard(&mut self, standard: Standard) -> Option<SchemaIx> {
        match standard {
            Standard::Primitive(primitive, _) => Some(self.primitive(primitive)),
            Standard::Object(object, _) => Some(self.standard_object(object)),
            Standard::Units(name, set) => {
                let units = UnitClass::find(name, set).into_iter().flat_map(|class| class.units(set));
                let values = units.map(|unit| EnumValue {
                    name: unit.into(),
                    display_name: spoken(unit),
                    value: Value::Text(unit.into()),
                });
                let values = values.collect();
                Some(self.schemas.add(Schema::Enum { values, integer: false }))
            }
            Standard::CommandType(..) | Standard::Unit(..) => None,
        }
    }

    fn standard_object(&mut self, object: &StandardObject) -> SchemaIx {
        let field = |name: &str, schema| Field {
            name: name.into(),
            display_name: spoken(name),
            schema,
            unit: None,
            required: false,
        };
        let fields = match &object.shape {
            Shape::Fields(fields) => fields.iter().map(|(name, schema)| field(name, self.primitive(*schema))).collect(),
            Shape::Geometry(word, arrays) => {
                let value = EnumValue {
                    name: object.name.into(),
                    display_name: spoken(word),
                    value: Value::Text((*word).into()),
                };
                let kind = self.schemas.add(Schema::Enum { values: vec![value], integer: false });
                let mut coordinates = self.primitive(Primitive::Double);
                for _ in 0..*arrays {
                    coordinates = self.schemas.add(Schema::Array(coordinates));
                }
                vec![field("type", kind), field("coordinates", coordinates)]
            }
        };
        self.schemas.add(Schema::Object(fields))
    }

    /// Converts an element to a schema.
    fn schema(&mut self, ix: ElementIx, depth: usize) -> SchemaIx {
        if let Some(known) = self.by_element.get(&ix) {
            return *known;
        }
        // The index is registered first, because a schema may refer to itself.
        let own = self.schemas.add(Schema::Object(Vec::new()));
        self.by_element.insert(ix, own);
        if depth > MAX_DEPTH {
            return own;
        }
        let class = self.element(ix).class;
        let schema = if class == &ENUM {
            self.enumeration(ix)
        } else if class == &ARRAY {
            match self.value(ix, "elementSchema", depth + 1) {
                Some(element) => Schema::Array(element),
                None => return own,
            }
        } else if class == &MAP {
            let value = self.element(ix).elements("mapValue").next();
            match value.and_then(|value| self.value(value, "schema", depth + 1)) {
                Some(element) => Schema::Map(element),
                None => return own,
            }
        } else if class == &OBJECT {
            let fields: Vec<ElementIx> = self.element(ix).elements("fields").collect();
            let fields = fields.into_iter().filter_map(|field| self.field(field, depth + 1)).collect();
            Schema::Object(fields)
        } else {
            return own;
        };
        self.schemas.replace(own, schema);
        own
    }

    fn enumeration(&self, ix: ElementIx) -> Schema {
        let element = self.element(ix);
        let integer = element.standard("valueSchema").is_some_and(|schema| schema.name() == "integer");
        let values = element.elements("enumValues").filter_map(|ix| {
            let choice = self.element(ix);
            let name = choice.text("name")?;
            let value = match &choice.first("enumValue")?.value {
                Val::Text(text) => Value::Text(text.clone()),
                Val::Integer(number) => Value::Integer(*number),
                _ => return None,
            };
            Some(EnumValue { name: name.into(), display_name: label(choice, name), value })
        });
        Schema::Enum { values: values.collect(), integer }
    }

    fn field(&mut self, ix: ElementIx, depth: usize) -> Option<Field> {
        let schema = self.value(ix, "schema", depth)?;
        let element = self.element(ix);
        let name = element.text("name")?;
        Some(Field {
            name: name.into(),
            display_name: label(element, name),
            schema,
            unit: unit_of(element),
            required: element.cotype("Required").is_some(),
        })
    }
}

/// Returns the unit of an element with a semantic type.
fn unit_of(element: &Element) -> Option<&'static Unit> {
    let measured = element.cotypes.iter().any(|cotype| matches!(cotype, Cotype::Quantity(..)));
    match element.standard("unit")? {
        Standard::Unit(name, _) if measured => unit::find(name),
        _ => None,
    }
}

/// Returns the display name of an element.
fn label(element: &Element, name: &str) -> String {
    element.localised("displayName").map_or_else(|| spoken(name), str::to_string)
}

/// Converts a name to words: `supplyTemperature` to `Supply temperature`.
pub(super) fn spoken(name: &str) -> String {
    let mut out = String::new();
    let mut previous_lower = false;
    for (at, c) in name.chars().enumerate() {
        if at == 0 {
            out.extend(c.to_uppercase());
        } else if c == '_' {
            out.push(' ');
        } else if c.is_uppercase() && previous_lower {
            out.push(' ');
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        previous_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    out
}
