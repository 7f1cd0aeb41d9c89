//! Findings as text and as JSON.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use cc_wrapper::text::json;

use super::finding::{Finding, Group, Severity, shown};
use crate::support::terminal::{Kind, Screen};

/// Whether there is no error among the findings.
pub fn is_ok(groups: &[Group]) -> bool {
    !all(groups).any(|(_, finding)| finding.severity == Severity::Error)
}

/// A line for each thing that was examined, and below it one for each finding,
/// errors first.
pub fn text(groups: &[Group], screen: &Screen) -> Vec<u8> {
    let mut out = String::new();
    for group in groups {
        out.push_str(&screen.shown(&shown(&group.subject)));
        out.push('\n');
        let mut findings: Vec<&Finding> = group.findings.iter().collect();
        findings.sort_by_key(|finding| finding.severity);
        for finding in findings {
            let (kind, name) = match finding.severity {
                Severity::Error => (Kind::Error, "error:"),
                Severity::Warning => (Kind::Warning, "warning:"),
                Severity::Note => (Kind::Note, "note:"),
            };
            let name = screen.paint(kind, name);
            let mut line = format!("{}; {}", finding.what, finding.remedy);
            // The heading names it already.
            if finding.place != group.subject {
                line = format!("{} {line}", shown(&finding.place));
            }
            out.push_str(&format!("  {name} {}\n", screen.shown(&line)));
        }
    }
    let mut counts = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        let of_it = |(_, finding): &(&OsString, &Finding)| finding.severity == severity;
        match all(groups).filter(of_it).count() {
            0 => {}
            1 => counts.push(format!("1 {}", severity.name())),
            count => counts.push(format!("{count} {}s", severity.name())),
        }
    }
    if counts.is_empty() {
        counts.push("no problems found".to_owned());
    }
    format!("{out}{}\n", counts.join(", ")).into_bytes()
}

/// One JSON object.
pub fn json(groups: &[Group]) -> Vec<u8> {
    let findings = all(groups).map(|(subject, finding)| {
        let fields = [
            ("severity", finding.severity.name().as_bytes()),
            ("id", finding.id.as_bytes()),
            ("subject", subject.as_bytes()),
            ("where", finding.place.as_bytes()),
            ("what", finding.what.as_bytes()),
            ("remedy", finding.remedy.as_bytes()),
        ];
        json::object(fields.map(|(key, text)| (key, json::string(text))))
    });
    let (findings, ok) = (json::array(findings), json::Value::Bool(is_ok(groups)));
    let mut out = Vec::new();
    json::object([("findings", findings), ("ok", ok)]).write(&mut out);
    out
}

fn all(groups: &[Group]) -> impl Iterator<Item = (&OsString, &Finding)> {
    groups.iter().flat_map(|group| {
        let findings = group.findings.iter();
        findings.map(move |finding| (&group.subject, finding))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn groups(findings: &[Finding]) -> [Group; 1] {
        [Group {
            subject: "/root".into(),
            findings: findings.to_vec(),
        }]
    }

    fn screen(colours: bool) -> Screen {
        Screen {
            width: None,
            colours,
            ascii: false,
        }
    }

    #[test]
    fn a_finding_is_a_line_and_the_gravest_comes_first() {
        let error = Finding::error("e", "/x", "is a\nb", "mend it");
        let note = error.clone().of(Severity::Note);
        let warning = error.clone().of(Severity::Warning);
        assert_eq!(
            text(&groups(&[]), &screen(true)),
            b"/root\nno problems found\n"
        );
        let well = text(&groups(std::slice::from_ref(&note)), &screen(false));
        assert_eq!(
            well,
            b"/root\n  note: /x is a\\x0ab; mend it\nno problems found\n"
        );
        let ill = text(
            &groups(&[note, warning.clone(), error, warning]),
            &screen(false),
        );
        let ill = String::from_utf8(ill).unwrap();
        let lines: Vec<&str> = ill.lines().collect();
        assert_eq!(lines[1], "  error: /x is a\\x0ab; mend it");
        assert_eq!(lines[5], "1 error, 2 warnings");
        let own = Finding::error("e", "/root", "is", "mend");
        assert!(text(&groups(&[own]), &screen(false)).starts_with(b"/root\n  error: is; mend\n"));
    }

    #[test]
    fn colours_are_for_the_severity_alone() {
        let warning = Finding::warning("e", "/x", "is", "mend");
        let told = text(&groups(&[warning]), &screen(true));
        assert!(told.starts_with(b"/root\n  \x1b[33mwarning:\x1b[0m /x is; mend\n"));
    }

    #[test]
    fn a_program_gets_a_path_as_it_is() {
        let path = OsStr::from_bytes(b"/a b/caf\xe9");
        let error = Finding::error("e", path, "is", "mend");
        let told = text(&groups(std::slice::from_ref(&error)), &screen(false));
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains(r"error: $'/a b/caf\xe9' is; mend"), "{told}");
        let told = String::from_utf8(json(&groups(&[error]))).unwrap();
        assert!(told.contains(r#""where": "/a b/caf\udce9""#), "{told}");
    }

    #[test]
    fn json_is_whole() {
        let error = Finding::error("e", "\"", "is", "mend");
        for (findings, ok) in [(vec![], true), (vec![error.clone(), error], false)] {
            let told = json(&groups(&findings));
            let value: serde_json::Value = serde_json::from_slice(&told).unwrap();
            assert_eq!(value["ok"], ok);
            assert_eq!(value["findings"].as_array().unwrap().len(), findings.len());
        }
    }
}
