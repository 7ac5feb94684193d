//! Commands that the simulation carries out: checks the names and expressions in the scene.

use super::Binder;
use crate::simulation::command::Handler;
use cupola_scene::Step;
use cupola_twin::expr::{Expr, ExprError, parse};
use cupola_twin::{Diagnostic, TwinIx};

impl Binder<'_> {
    /// Returns the handlers of the scene's commands.
    pub(super) fn commands(&mut self) -> Vec<Handler> {
        let mut handlers = Vec::new();
        for (number, doc) in self.doc.commands.iter().enumerate() {
            let at = [Step::Field("commands"), number.into()];
            let mut twins = self.twins_of(&doc.model, &at);
            twins.sort_unstable();
            let Ok(model) = self.topology.models.resolve(&doc.model) else { continue };
            let interface = self.topology.models.get(model);
            if interface.command(&doc.command).is_none() {
                let message = format!("`{}` has no command `{}`", interface.id, doc.command);
                let unknown = Diagnostic::error("unknown-command", message);
                let known = interface.commands.iter().map(|known| &*known.name);
                self.report(unknown.did_you_mean(&doc.command, known), &[at[0], at[1], "command".into()]);
            }
            let mut sets = Vec::new();
            for (property, text) in &doc.sets {
                let here = [at[0], at[1], "sets".into(), property.as_str().into()];
                self.check_settable(&twins, property, &here);
                if let Some(expression) = self.expression(text, &here) {
                    sets.push((property.clone(), expression));
                }
            }
            let here = [at[0], at[1], "response".into()];
            let response = doc.response.as_deref().and_then(|text| self.expression(text, &here));
            handlers.push(Handler { twins: twins.into(), command: doc.command.clone(), sets, response });
        }
        handlers
    }

    fn check_settable(&mut self, twins: &[TwinIx], property: &str, at: super::Path<'_>) {
        let Some(first) = twins.first() else { return };
        match self.topology.slot(*first, property) {
            None => {
                let table = self.topology.table(self.topology.locate(*first).0);
                let model = self.topology.models.get(table.model);
                let unknown =
                    Diagnostic::error("unknown-property", format!("`{}` has no property `{property}`", model.id));
                self.report(unknown.did_you_mean(property, self.topology.property_names(table)), at);
            }
            Some(slot) if self.topology.column(slot.column).formula.is_some() => {
                let message = format!("`{property}` is computed, so a command can't set it");
                self.report(Diagnostic::error("computed-twice", message), at);
            }
            Some(_) => {}
        }
    }

    fn expression(&mut self, text: &str, at: super::Path<'_>) -> Option<Expr> {
        let wrong =
            |error: ExprError| Diagnostic { help: error.help.clone(), ..Diagnostic::error(error.code, error.message) };
        parse(text).map_err(|error| self.report(wrong(error), at)).ok()
    }
}
