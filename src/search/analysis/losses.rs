//! Losses as a forest learns them: without the influence of a few extreme values, and on a common scale.

/// The losses that an analysis is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Focus {
    /// All losses, but a far outlier counts no more than the outer fence: three interquartile ranges above the upper
    /// quartile (Tukey 1977, §2D: "far out"). A failed trial counts as the worst loss within that limit.
    #[default]
    All,
    /// The best trials: every loss that is worse than those of this share of the trials is set to the worst of them.
    ///
    /// This is the cut-off at a quantile of fANOVA (`set_cutoffs`, after Hooker 2007). But fANOVA leaves out the part
    /// of the space beyond it. Here that part is flat, so parameters that lead out of it still count.
    Best(f64),
}

/// Losses of mean 0 and variance 1, and the values to convert them back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standardised {
    pub(super) losses: Vec<f64>,
    pub(super) centre: f64,
    pub(super) deviation: f64,
}

/// Standardised losses are multiples of this. Sums of fewer than 2^20 of them are exact. So neither their order nor the
/// unit of the loss decides between two equally good splits.
const GRAIN: f64 = 1.0 / (1_u64 << 30) as f64;

impl Standardised {
    /// Standardises losses; `None` if the losses left by the focus are all equal.
    pub(super) fn new(losses: &[f64], focus: Focus) -> Option<Self> {
        let (floor, ceiling) = limits(losses, focus)?;
        let limited = losses.iter().map(|loss| loss.min(ceiling).max(floor));
        let count = losses.len() as f64;
        let centre = floor + limited.clone().map(|loss| loss - floor).sum::<f64>() / count;
        let deviation = (limited.clone().map(|loss| (loss - centre).powi(2)).sum::<f64>() / count).sqrt();
        (deviation > 0.0 && deviation.is_finite()).then(|| Self {
            losses: limited
                .map(|loss| ((loss - centre) / deviation / GRAIN).round() * GRAIN)
                .collect(),
            centre,
            deviation,
        })
    }
}

/// The smallest and the largest loss that stay unchanged.
fn limits(losses: &[f64], focus: Focus) -> Option<(f64, f64)> {
    let mut finite: Vec<f64> = losses.iter().copied().filter(|loss| loss.is_finite()).collect();
    finite.sort_unstable_by(f64::total_cmp);
    let (floor, worst) = (*finite.first()?, *finite.last()?);
    let (lower, upper) = (quantile(&finite, 0.25), quantile(&finite, 0.75));
    // If half of the losses are equal, the quartiles say nothing about the rest.
    let fence = if upper > lower {
        upper + 3.0 * (upper - lower)
    } else {
        worst
    };
    let ceiling = worst.min(fence);
    Some((
        floor,
        match focus {
            Focus::All => ceiling,
            Focus::Best(share) => {
                let rank = (share.clamp(0.0, 1.0) * losses.len() as f64).ceil() as usize;
                finite.get(rank.max(1) - 1).copied().unwrap_or(worst).min(ceiling)
            }
        },
    ))
}

/// The quantile of sorted numbers, with linear interpolation (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    low + (high - low) * rank.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disaster_counts_as_the_outer_fence_and_a_failure_as_the_worst_that_is_left() {
        // Quartiles 1 and 3: the fence is 9.
        let losses = [0.0, 1.0, 2.0, 3.0, 1e6];
        assert_eq!(limits(&losses, Focus::All), Some((0.0, 9.0)));
        assert_eq!(
            limits(&[0.0, 1.0, 2.0, f64::INFINITY, f64::NAN], Focus::All),
            Some((0.0, 2.0))
        );
        let standardised = Standardised::new(&[0.0, 1.0, 2.0, f64::INFINITY, f64::NAN], Focus::All).unwrap();
        assert!(standardised.losses.iter().all(|loss| loss.is_finite()));
        assert_eq!(standardised.losses[2..3], standardised.losses[3..4]);
    }

    #[test]
    fn equal_quartiles_cut_nothing_off() {
        assert_eq!(limits(&[1.0, 1.0, 1.0, 1.0, 5.0], Focus::All), Some((1.0, 5.0)));
    }

    #[test]
    fn the_best_share_ends_at_its_last_trial() {
        let losses: Vec<f64> = (1..=10).map(f64::from).chain([f64::INFINITY; 10]).collect();
        assert_eq!(limits(&losses, Focus::Best(0.25)), Some((1.0, 5.0)));
        assert_eq!(limits(&losses, Focus::Best(1.0)), Some((1.0, 10.0)));
        assert_eq!(limits(&losses, Focus::Best(0.0)), Some((1.0, 1.0)));
    }

    #[test]
    fn equal_losses_teach_nothing() {
        assert_eq!(Standardised::new(&[2.0; 9], Focus::All), None);
        assert_eq!(Standardised::new(&[f64::INFINITY; 9], Focus::All), None);
    }

    #[test]
    fn standardised_losses_do_not_know_their_unit() {
        let losses = [0.3, 0.1, 0.7, 0.25, 0.9];
        let scaled = losses.map(|loss| 1e-3 * loss + 17.0);
        let [one, other] = [losses, scaled].map(|losses| Standardised::new(&losses, Focus::All).unwrap());
        // The 17 costs the last bits of a thousandth.
        assert!(one.losses.iter().zip(&other.losses).all(|(a, b)| (a - b).abs() < 1e-8));
        assert!((one.deviation * 1e-3 - other.deviation).abs() < 1e-12);
    }
}
