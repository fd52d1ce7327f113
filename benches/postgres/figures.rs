//! How figures are printed.

/// A figure on a line of its own.
pub fn print(what: &str, figure: f64, unit: &str) {
    println!("  {what:<56} {figure:>10.1} {unit}");
}

/// A ratio of two figures of the same run.
pub fn print_ratio(what: &str, ratio: f64) {
    println!("  {what:<56} {ratio:>10.2} ×");
}

/// So many thousandths of the values lie below this.
pub fn quantile(values: &mut [f64], thousandths: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get(last * thousandths / 1_000).copied().unwrap_or(f64::NAN)
}
