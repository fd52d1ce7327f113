//! A cell in which a value is stored that is computed once and shared by all who need it.

use std::any::Any;
use std::sync::OnceLock;

/// Holds one value, of a type that a higher layer chooses.
#[derive(Debug, Default)]
pub struct SharedCell(OnceLock<Box<dyn Any + Send + Sync>>);

impl SharedCell {
    /// Whether no value was stored yet.
    pub fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// The value; the first call stores the default. `None` if the cell holds another type, which no caller does.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Option<&T> {
        self.0.get_or_init(|| Box::new(T::default())).downcast_ref()
    }
}
