//! Checks of values against models: values of twins, relationships and commands must match their schemas.

use super::{Command, DeclaredProperty, Interface, ModelIx, Models, Payload, Property};
use crate::diagnostic::{Diagnostic, nearest};
use crate::value::Value;
use std::sync::Arc;

/// A column and the value for it.
pub type ColumnValue<'v> = (Arc<Property>, &'v Value);

impl Models {
    /// Checks a value against a property of a model and returns the columns that it fills: one, or one for each field
    /// of an object. The name may be dotted (`address.city`, `thermostat.temperature`), and a component may be given as
    /// an object.
    ///
    /// # Errors
    /// An unknown name, or a value that does not match its schema. The diagnostic lacks the twin's name and place; the
    /// caller adds them.
    pub fn columns_of<'v>(
        &self,
        model: ModelIx,
        name: &str,
        value: &'v Value,
    ) -> Result<Vec<ColumnValue<'v>>, Diagnostic> {
        let interface = self.get(model);
        let mut columns = Vec::new();
        if let Some(declared) = interface.declared(name) {
            self.check(declared, name, value)?;
            split(interface, name, value, &mut columns);
            return Ok(columns);
        }
        if let (Some(_), Value::Object(parts)) = (interface.components.iter().find(|known| &*known.name == name), value)
        {
            for (part, value) in parts {
                if !part.starts_with('$') {
                    columns.extend(self.columns_of(model, &format!("{name}.{part}"), value)?);
                }
            }
            return Ok(columns);
        }
        if let Some(column) = interface.property(name) {
            let check = self.schemas().check(column.schema, value);
            check.map_err(|found| mismatch(name, &found))?;
            columns.push((column.clone(), value));
            return Ok(columns);
        }
        // The name may denote a nested object, which is not declared itself.
        split(interface, name, value, &mut columns);
        for (column, value) in &columns {
            let check = self.schemas().check(column.schema, value);
            check.map_err(|found| mismatch(&column.name, &found))?;
        }
        if columns.is_empty() { Err(unknown(interface, name)) } else { Ok(columns) }
    }

    fn check(&self, declared: &DeclaredProperty, name: &str, value: &Value) -> Result<(), Diagnostic> {
        self.schemas().check(declared.schema, value).map_err(|found| mismatch(name, &found))
    }

    /// Checks the properties of a relationship.
    ///
    /// # Errors
    /// An unknown property, a value that does not match its schema, or a missing required property; the first of these.
    pub fn check_relationship_properties<'v>(
        &self,
        relationship: &super::RelationshipType,
        properties: impl IntoIterator<Item = (&'v str, &'v Value)> + Clone,
    ) -> Result<(), Diagnostic> {
        for (name, value) in properties.clone() {
            self.check_relationship_property(relationship, name, value)?;
        }
        for declared in relationship.properties.iter().filter(|declared| declared.required) {
            if !properties.clone().into_iter().any(|(name, _)| name == &*declared.name) {
                let message = format!("relationship `{}` needs the property `{}`", relationship.name, declared.name);
                return Err(Diagnostic::error("missing-property", message));
            }
        }
        Ok(())
    }

    /// Checks one property of a relationship.
    ///
    /// # Errors
    /// The relationship's type lacks the property, or the value does not match its schema.
    pub fn check_relationship_property(
        &self,
        relationship: &super::RelationshipType,
        name: &str,
        value: &Value,
    ) -> Result<(), Diagnostic> {
        let Some(declared) = relationship.properties.iter().find(|known| &*known.name == name) else {
            let message = format!("relationship `{}` has no property `{name}`", relationship.name);
            let known = relationship.properties.iter().map(|known| &*known.name);
            return Err(Diagnostic::error("unknown-property", message).did_you_mean(name, known));
        };
        self.check(declared, name, value)
    }

    /// Checks the request payload of a command.
    ///
    /// # Errors
    /// A payload for a command without one, a missing payload, or a payload that does not match its schema.
    pub fn check_request(&self, command: &Command, payload: Option<&Value>) -> Result<(), Diagnostic> {
        self.check_payload(&command.name, "request", command.request.as_ref(), payload)
    }

    /// Checks the response payload of a command.
    ///
    /// # Errors
    /// The same as for [`Self::check_request`].
    pub fn check_response(&self, command: &Command, payload: Option<&Value>) -> Result<(), Diagnostic> {
        self.check_payload(&command.name, "response", command.response.as_ref(), payload)
    }

    fn check_payload(
        &self,
        command: &str,
        word: &str,
        wanted: Option<&Payload>,
        payload: Option<&Value>,
    ) -> Result<(), Diagnostic> {
        match (wanted, payload) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Diagnostic::error(
                "wrong-payload",
                format!("command `{command}` has no {word}, but a value was sent"),
            )),
            (Some(wanted), None) if wanted.nullable => Ok(()),
            (Some(wanted), None) => {
                let schema = self.schemas().describe(wanted.schema);
                let message =
                    format!("command `{command}` needs its {word} `{}`, a value of schema {schema}", wanted.name);
                Err(Diagnostic::error("missing-payload", message))
            }
            (Some(wanted), Some(value)) => self.schemas().check(wanted.schema, value).map_err(|found| {
                let found = mismatch(&wanted.name, &found);
                Diagnostic {
                    message: format!("command `{command}`: {}", found.message),
                    code: "wrong-payload",
                    ..found
                }
            }),
        }
    }

    /// Returns the required properties of a model that are not among `names`.
    pub fn missing<'m>(&'m self, model: ModelIx, names: &'m [&str]) -> impl Iterator<Item = &'m Arc<DeclaredProperty>> {
        self.get(model).declared.iter().filter(move |declared| declared.required && !names.contains(&&*declared.name))
    }
}

fn mismatch(name: &str, found: &super::Mismatch) -> Diagnostic {
    let wrong = Diagnostic::error("wrong-value", format!("`{name}{}`: {}", found.path, found.message));
    match &found.help {
        Some(help) => wrong.help(help.clone()),
        None => wrong,
    }
}

/// Returns the diagnostic for a name that a model lacks.
fn unknown(interface: &Interface, name: &str) -> Diagnostic {
    let message = format!("`{}` has no property `{name}`", interface.id);
    let known = interface
        .declared
        .iter()
        .map(|known| &*known.name)
        .chain(interface.properties.iter().map(|known| &*known.name));
    let unknown = Diagnostic::error("unknown-property", message);
    if interface.relationship(name).is_some() {
        return unknown.help(format!("`{name}` is a relationship, not a property"));
    }
    if interface.command(name).is_some() {
        return unknown.help(format!("`{name}` is a command, not a property"));
    }
    match nearest(name, known) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown,
    }
}

/// Collects the columns at or below `name` for which the value has a part.
fn split<'v>(interface: &Interface, name: &str, value: &'v Value, columns: &mut Vec<ColumnValue<'v>>) {
    if let Some(column) = interface.property(name) {
        columns.push((column.clone(), value));
        return;
    }
    for column in &interface.properties {
        let Some(rest) = column.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let found = rest.split('.').try_fold(value, |value, part| match value {
            Value::Object(parts) => parts.get(part),
            _ => None,
        });
        columns.extend(found.map(|value| (column.clone(), value)));
    }
}
