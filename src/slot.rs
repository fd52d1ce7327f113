//! A place on something that happened for what is made of it once and serves everybody.

use std::any::Any;
use std::sync::OnceLock;

/// Holds one value of a type that whoever fills it chooses.
#[derive(Debug, Default)]
pub struct Slot(OnceLock<Box<dyn Any + Send + Sync>>);

impl Slot {
    /// Whether nothing was made yet.
    pub fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// The value, made on first need. `None` where the slot holds another type, of which the program has none.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Option<&T> {
        self.0.get_or_init(|| Box::new(T::default())).downcast_ref()
    }
}
