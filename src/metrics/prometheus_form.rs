//! The older form of metrics, 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::HashSet;

/// OpenMetrics text in the older form. Samples are the same in both. There, a counter is described under the name of its
/// samples, with `_total`; units and the end have no lines.
pub(crate) fn in_prometheus_form(open_metrics: &str) -> String {
    let name_of_counter = |line: &str| {
        let described = line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?;
        Some(described.to_owned())
    };
    let counters: HashSet<String> = open_metrics.lines().filter_map(name_of_counter).collect();
    let mut text = String::with_capacity(open_metrics.len() + 6 * 2 * counters.len());
    for line in open_metrics.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        text.push_str(&described(line, &counters).unwrap_or_else(|| line.to_owned()));
        text.push('\n');
    }
    text
}

/// A line that describes a counter; `None` if it is another one.
fn described(line: &str, counters: &HashSet<String>) -> Option<String> {
    let (what, rest) = line.strip_prefix("# ")?.split_once(' ')?;
    let (name, said) = rest.split_once(' ')?;
    counters.contains(name).then(|| format!("# {what} {name}_total {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_under_the_name_of_their_samples() {
        let open_metrics = "# HELP parlour_logins Logins.\n# TYPE parlour_logins counter\nparlour_logins_total 1\n\
            # HELP parlour_wait_seconds Waits.\n# TYPE parlour_wait_seconds histogram\n# UNIT parlour_wait_seconds seconds\n\
            parlour_wait_seconds_sum 0.5\n# HELP parlour_users People.\n# TYPE parlour_users gauge\nparlour_users 2\n# EOF\n";
        let expected = "# HELP parlour_logins_total Logins.\n# TYPE parlour_logins_total counter\nparlour_logins_total 1\n\
            # HELP parlour_wait_seconds Waits.\n# TYPE parlour_wait_seconds histogram\nparlour_wait_seconds_sum 0.5\n\
            # HELP parlour_users People.\n# TYPE parlour_users gauge\nparlour_users 2\n";
        assert_eq!(in_prometheus_form(open_metrics), expected);
    }
}
