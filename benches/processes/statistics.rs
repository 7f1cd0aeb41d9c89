//! Medians and their confidence intervals.

/// The median and the quartiles of a list of figures.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    pub fn from_figures(mut figures: Vec<f64>) -> Spread {
        figures.sort_by(f64::total_cmp);
        Spread {
            low: quantile(&figures, 0.25),
            median: quantile(&figures, 0.5),
            high: quantile(&figures, 0.75),
        }
    }
}

/// The number of bootstrap samples.
const DRAWS: usize = 1000;

/// Returns the ratio of the medians of `above` and `below`. `low` and `high`
/// are its 90 % confidence interval, by bootstrap over the rounds. The figures
/// with the same index are from the same round.
pub fn ratio(above: &[f64], below: &[f64]) -> Spread {
    let rounds = above.len();
    let of = |chosen: &[usize]| {
        let median = |figures: &[f64]| {
            let chosen = chosen.iter().map(|&round| figures[round]);
            Spread::from_figures(chosen.collect()).median
        };
        median(above) / median(below)
    };
    let mut random = Random::default();
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            of(&(0..rounds)
                .map(|_| random.below(rounds))
                .collect::<Vec<_>>())
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    Spread {
        low: quantile(&draws, 0.05),
        median: of(&(0..rounds).collect::<Vec<_>>()),
        high: quantile(&draws, 0.95),
    }
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

/// Marsaglia's xorshift generator with a fixed seed, so that results are
/// reproducible.
pub struct Random(u64);

impl Default for Random {
    fn default() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    /// Shuffles the items; all orders are equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n + 1));
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
