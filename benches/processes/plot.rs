//! The plot of the time that each way of running a call adds to the direct
//! exec. The colours are readable on white and on black.

use std::fmt::Write;

use crate::measure::{Measured, Way};
use crate::statistics::Spread;

const WAYS: [(Way, &str, &str); 4] = [
    (Way::Floor, "floor: only execs", "#8b8b8b"),
    (Way::Wrapped, "cc-wrapper", "#1f9d55"),
    (Way::Libc, "cc-wrapper through libc", "#3b82d6"),
    (Way::Beside, "other root", "#e0703a"),
];
const INK: &str = "#7a828c";
const GRID: &str = "#7a828c40";

const WIDTH: f64 = 960.0;
const LEFT: f64 = 330.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 84.0;
const ROW: f64 = 44.0;
const BOTTOM: f64 = 30.0;

/// The axis' ticks, in microseconds.
struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    fn over(spreads: impl Iterator<Item = Spread>) -> Axis {
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        for spread in spreads {
            low = low.min(spread.low.max(1.0));
            high = high.max(spread.high);
        }
        Axis {
            from: low.log10().floor(),
            to: high.log10().ceil(),
        }
    }

    fn x(&self, us: f64) -> f64 {
        let part = (us.max(1.0).log10() - self.from) / (self.to - self.from);
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.from as i32..=self.to as i32).map(|exponent| 10_f64.powi(exponent))
    }
}

pub fn svg(measured: &[Measured]) -> String {
    let spreads = measured
        .iter()
        .flat_map(|m| WAYS.iter().filter_map(|(way, ..)| m.added_spread(*way)));
    let axis = Axis::over(spreads);
    let bottom = TOP + ROW * measured.len() as f64;
    let mut out = String::new();
    let mut put = |text: std::fmt::Arguments| out.write_fmt(text).expect("a string grows");
    put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"{INK}\">\n\
         <title>Time added to the direct exec</title>\n",
        bottom + BOTTOM
    ));
    put(format_args!(
        "<text x=\"16\" y=\"24\" font-size=\"16\" font-weight=\"600\">Time added to the direct exec</text>\n\
         <text x=\"{}\" y=\"24\" text-anchor=\"end\">median and quartiles, log scale</text>\n",
        WIDTH - RIGHT
    ));
    let mut x = 16.0;
    for (way, label, colour) in WAYS {
        if measured.iter().any(|m| m.times(way).is_some()) {
            put(format_args!(
                "<circle cx=\"{}\" cy=\"48\" r=\"5\" fill=\"{colour}\"/><text x=\"{}\" y=\"52.5\">{label}</text>\n",
                x + 5.0,
                x + 16.0
            ));
            x += 52.0 + 7.0 * label.len() as f64;
        }
    }
    for tick in axis.ticks() {
        let x = axis.x(tick);
        let label = match tick {
            t if t >= 1e6 => format!("{} s", t / 1e6),
            t if t >= 1e3 => format!("{} ms", t / 1e3),
            t => format!("{t} µs"),
        };
        put(format_args!(
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{}\" y2=\"{bottom}\" stroke=\"{GRID}\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
            TOP - 8.0,
            bottom + 18.0
        ));
    }
    for (n, m) in measured.iter().enumerate() {
        let y = TOP + ROW * (n as f64 + 0.5);
        put(format_args!(
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            LEFT - 14.0,
            y + 4.5,
            m.call.name
        ));
        for (way, _, colour) in WAYS {
            let Some(spread) = m.added_spread(way) else {
                continue;
            };
            let [low, middle, high] = [spread.low, spread.median, spread.high].map(|us| axis.x(us));
            put(format_args!(
                "<g stroke=\"{colour}\" fill=\"{colour}\"><line x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{y}\" y2=\"{y}\" \
                 stroke-width=\"3\" stroke-opacity=\"0.55\"/><circle cx=\"{middle:.1}\" cy=\"{y}\" r=\"5\"/>\
                 <text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\" stroke=\"none\">{}</text></g>\n",
                // Move the label if it could overlap with libc's.
                if way == Way::Wrapped {
                    y + 18.0
                } else {
                    y - 9.0
                },
                time(spread.median)
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

fn time(us: f64) -> String {
    match us {
        us if us >= 1e5 => format!("{:.0} ms", us / 1e3),
        us if us >= 1e3 => format!("{:.1} ms", us / 1e3),
        us => format!("{us:.0} µs"),
    }
}
