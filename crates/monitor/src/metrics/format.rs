//! The two formats of the page, and which one a client wants.
//!
//! OpenMetrics, which is what the page is rendered in, names a counter without the `_total` of its
//! samples; Prometheus' older text format names it as the samples do. Whoever reads one as the
//! other finds counters without type and help, so each client gets what it asked for, and the older
//! format when it asked for nothing, as Prometheus' own libraries do.

use std::borrow::Cow;

/// How the page is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PageFormat {
    OpenMetrics,
    /// Prometheus' text format 0.0.4, which `promtool check metrics` reads.
    Prometheus,
}

const OPEN_METRICS: &str = "application/openmetrics-text";

impl PageFormat {
    /// What an `Accept` header asks for: OpenMetrics where it is named and text is not preferred.
    pub fn accepted(accept: &str) -> Self {
        let weight = |wanted: &str| {
            let ranges = accept.split(',').map(MediaRange::parse);
            let named = ranges.filter(|range| range.name.eq_ignore_ascii_case(wanted));
            named.map(|range| range.weight).fold(0.0, f32::max)
        };
        let (open_metrics, text) = (weight(OPEN_METRICS), weight("text/plain"));
        if open_metrics > 0.0 && open_metrics >= text {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The page, which is given as OpenMetrics, in this format.
    pub fn write(self, page: &str) -> Cow<'_, str> {
        match self {
            Self::OpenMetrics => page.into(),
            Self::Prometheus => to_prometheus(page).into(),
        }
    }
}

struct MediaRange<'a> {
    name: &'a str,
    weight: f32,
}

impl<'a> MediaRange<'a> {
    fn parse(range: &'a str) -> Self {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        Self { name, weight: weight.unwrap_or(0.0) }
    }
}

/// Counters and infos get the name and type of their samples; units and the end mark, which the
/// format does not know, are left out.
fn to_prometheus(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(help) = line.strip_prefix("# HELP ") else {
            if !line.starts_with("# UNIT ") && line != "# EOF" {
                text.extend([line, "\n"]);
            }
            continue;
        };
        // The encoder writes the type after the help.
        let (name, help) = help.split_once(' ').unwrap_or((help, ""));
        let kind = lines.next().and_then(|line| line.rsplit(' ').next()).unwrap_or("untyped");
        let (suffix, kind) = match kind {
            "counter" => ("_total", "counter"),
            "info" => ("_info", "gauge"),
            kind => ("", kind),
        };
        text.extend(["# HELP ", name, suffix, " ", help, "\n"]);
        text.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_the_format_that_it_prefers() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3_text = "text/plain;version=0.0.4;q=0.5,\
            application/openmetrics-text;version=1.0.0;q=0.4,*/*;q=0.2";
        for (accept, format) in [
            (prometheus_2, PageFormat::OpenMetrics),
            (prometheus_3_text, PageFormat::Prometheus),
            ("Application/OpenMetrics-Text ; q=0.1", PageFormat::OpenMetrics),
            ("application/openmetrics-text;q=0", PageFormat::Prometheus),
            ("application/openmetrics-text;q=much", PageFormat::Prometheus),
            ("application/openmetrics-text;q=NaN", PageFormat::Prometheus),
            ("text/html,*/*", PageFormat::Prometheus),
            ("", PageFormat::Prometheus),
            (",;,q=;;", PageFormat::Prometheus),
        ] {
            assert_eq!(PageFormat::accepted(accept), format, "{accept}");
        }
    }

    #[test]
    fn the_older_format_names_counters_as_their_samples() {
        let page = "# HELP a_seconds Text with counter.\n# TYPE a_seconds counter\n\
            # UNIT a_seconds seconds\na_seconds_total 1.5\n# HELP b Info.\n# TYPE b info\n\
            b_info{x=\"# EOF\"} 1\n# HELP c Gauge.\n# TYPE c gauge\nc 2\n# EOF\n";
        let text = "# HELP a_seconds_total Text with counter.\n# TYPE a_seconds_total counter\n\
            a_seconds_total 1.5\n# HELP b_info Info.\n# TYPE b_info gauge\n\
            b_info{x=\"# EOF\"} 1\n# HELP c Gauge.\n# TYPE c gauge\nc 2\n";
        assert_eq!(PageFormat::Prometheus.write(page), text);
        assert_eq!(PageFormat::OpenMetrics.write(page), page);
    }
}
