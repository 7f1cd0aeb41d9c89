//! Adds up the counts of all calls.

use std::time::Duration;

use crate::process::count::Line;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    calls: usize,
    compiles: usize,
    links: usize,
    failed: usize,
    wrapper: Duration,
    tools: Duration,
}

impl Totals {
    /// Parses and adds the lines that calls have written. A killed call may
    /// have left an incomplete line, which is skipped.
    pub fn parse(text: &str) -> Totals {
        let mut totals = Totals::default();
        let mut inner = Duration::ZERO;
        for line in text.lines().filter_map(Line::read) {
            totals.wrapper += line.wrapper;
            if line.is_waited_for {
                inner += line.wrapper;
            } else {
                totals.tools += line.tool;
            }
            if line.is_inner {
                continue;
            }
            totals.calls += 1;
            totals.compiles += usize::from(line.compiles);
            totals.links += usize::from(line.links);
            let counts = line.compiles || line.links || line.refused;
            totals.failed += usize::from(line.failed && counts);
        }
        totals.tools = totals.tools.saturating_sub(inner);
        totals
    }

    /// Returns the summary line.
    pub fn line(&self) -> String {
        if self.calls == 0 {
            return "no wrapped tool was called".to_owned();
        }
        let failed = match self.failed {
            0 => "none".to_owned(),
            n => n.to_string(),
        };
        format!(
            "{}, {}, {failed} failed; {} in the wrapper, {} in the tools",
            number(self.compiles, "compile"),
            number(self.links, "link"),
            seconds(self.wrapper),
            seconds(self.tools),
        )
    }
}

fn number(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        long if long >= 10.0 => format!("{long:.1} s"),
        shortest if shortest < 0.01 => format!("{:.1} ms", shortest * 1000.0),
        short => format!("{short:.3} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_inner_wrappers_is_not_the_tools_time() {
        let text = "1 1 0 0 0 0 1000000 500000000\n0 1 1 1 0 0 2000000 100000000\n\
                    0 0 0 0 1 0 1000000 0\n1 0 0 0 1 0 1000000 10000000000\n\
                    0 0 0 0 1 1 0 0\n1 0";
        assert_eq!(
            Totals::parse(text).line(),
            "2 compiles, 1 link, 2 failed; 5.0 ms in the wrapper, 10.5 s in the tools"
        );
        assert_eq!(Totals::parse("").line(), "no wrapped tool was called");
    }

    #[test]
    fn calls_below_an_uncounted_tool_count() {
        let text = "0 0 0 0 1 0 1000000 900000000\n1 0 0 1 0 0 2000000 300000000\n\
                    1 0 0 1 1 0 2000000 300000000";
        assert_eq!(
            Totals::parse(text).line(),
            "2 compiles, 0 links, 1 failed; 5.0 ms in the wrapper, 0.896 s in the tools"
        );
    }
}
