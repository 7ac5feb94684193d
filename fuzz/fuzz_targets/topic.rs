//! Topic patterns and templates. The input has a pattern, a template and a topic, one per line.
#![no_main]

use cupola_fuzz::{split_line, text};
use cupola_wire::{Template, TopicPattern, parse_duration};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (first, rest) = split_line(bytes);
    let (second, third) = split_line(rest);
    let (Some(pattern), Some(template), Some(topic)) = (text(first), text(second), text(third)) else { return };
    parse_duration(topic);
    let template = Template::parse(template);
    if let Ok(template) = &template {
        template.capture(topic);
    }
    let Ok(pattern) = TopicPattern::parse(pattern) else { return };
    pattern.filter();
    pattern.names();
    if let Some(captures) = pattern.matches(topic) {
        pattern.topic(&captures);
        if let Ok(template) = &template {
            template.fill(&captures);
        }
    }
});
