//! Distributions of unordered choices beside the normal distribution (Hamano et al. 2024, "`CatCMA`"). The joint
//! distribution moves each part along its natural gradient and keeps every choice possible.

/// The probabilities of one parameter's choices.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    probabilities: Vec<f64>,
}

impl Choices {
    /// Equal probabilities for all choices.
    pub(super) fn new(count: u64) -> Self {
        Self {
            probabilities: vec![1.0 / count as f64; count as usize],
        }
    }

    /// Number of choices.
    pub(super) fn count(&self) -> usize {
        self.probabilities.len()
    }

    /// The choice for a uniform number in `[0, 1)`.
    pub(super) fn at(&self, uniform: f64) -> u64 {
        let mut left = uniform;
        let found = self.probabilities.iter().position(|probability| {
            left -= probability;
            left < 0.0
        });
        found.unwrap_or(self.probabilities.len() - 1) as u64
    }

    /// Moves the probabilities by `rate` towards the choices of the selected members, which are given with their
    /// weights. Inactive choices are ignored. No probability falls below `least`.
    pub(super) fn adapt(&mut self, selected: impl Iterator<Item = (Option<u64>, f64)>, rate: f64, least: f64) {
        let before = self.probabilities.clone();
        for (choice, weight) in selected {
            let Some(choice) = choice else { continue };
            for (number, (probability, before)) in self.probabilities.iter_mut().zip(&before).enumerate() {
                let chosen = f64::from(u8::from(number as u64 == choice));
                *probability += rate * weight * (chosen - before);
            }
        }
        let raised: Vec<f64> = self
            .probabilities
            .iter()
            .map(|probability| probability.max(least))
            .collect();
        // The added probability is taken from the others in proportion to their excess over the least.
        let surplus = raised.iter().sum::<f64>() - 1.0;
        let room: f64 = raised.iter().map(|probability| probability - least).sum();
        self.probabilities = raised
            .iter()
            .map(|probability| probability - surplus * (probability - least) / room.max(f64::MIN_POSITIVE))
            .collect();
    }

    /// The probability of a choice.
    #[cfg(test)]
    pub(super) fn probability(&self, choice: usize) -> f64 {
        self.probabilities[choice]
    }
}
