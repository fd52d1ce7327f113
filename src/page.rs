//! Pages of lists.

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Whether the list goes on behind the page.
    pub has_next: bool,
    /// Whether the list has something before the page.
    pub has_previous: bool,
}

impl<T> Page<T> {
    /// A page of a list that has nothing.
    pub fn empty() -> Self {
        Self { items: Vec::new(), has_next: false, has_previous: false }
    }

    /// Cuts what was read, one more than the page holds, to the page.
    pub fn cut(mut items: Vec<T>, size: u32, has_previous: bool) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let has_next = items.len() > size;
        items.truncate(size);
        Self { items, has_next, has_previous }
    }

    /// The same page of other things.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(make).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}
