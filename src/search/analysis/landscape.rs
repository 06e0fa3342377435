//! The entry point: a model of the loss over a space, learnt from the trials of a search.

use std::cmp::Ordering;

use super::axis::Axis;
use super::dependence::{self, Contour, Curve};
use super::fanova::{self, Importance};
use super::forest::Forest;
use super::losses::{Focus, Standardised};
use super::observations::Observations;
use crate::space::Space;
use crate::units::Seed;

/// A tree with leaves of three observations can hardly split fewer.
const FEWEST_TRIALS: usize = 8;

/// A model of the loss over a space, learnt from trials.
///
/// The order of the trials does not matter, and the unit of the loss does not matter for [`Self::importance`]. The same
/// trials and seed give the same model. Learning and [`Self::importance`] together take less than a tenth of a second
/// for 300 trials of 8 parameters, and about two seconds for 5,000. Above that the time hardly grows.
#[derive(Clone, Debug)]
pub struct Landscape {
    forest: Forest,
    /// The parameter of each axis.
    parameters: Vec<usize>,
    centre: f64,
    deviation: f64,
}

impl Landscape {
    /// Learns from trials, each a point from [`Space::encode`] and its loss. A loss that is not finite marks a failed
    /// trial. Points whose length is not the number of parameters are left out.
    ///
    /// Returns `None` for fewer than 8 trials, if all losses are equal, or if no parameter has more than one value.
    ///
    /// `None` for fewer than 8 trials, and if there is nothing to tell them apart by: all losses are equal, or no parameter
    /// has more than one value.
    ///
    /// ```
    /// use automl_search::analysis::{Focus, Landscape};
    /// use automl_base::rng;
    /// use automl_search::space::{Domain, Parameter, Space};
    /// use automl_base::units::Seed;
    ///
    /// let share = || Domain::Float { min: 0.0, max: 1.0, log: false, step: None };
    /// let space = Space::new(vec![Parameter::new("matters", share()), Parameter::new("does_not", share())], vec![])?;
    /// let mut rng = rng::stream(Seed(1), "example", &[]);
    /// let points: Vec<_> = (0..60).filter_map(|_| space.encode(&space.sample(&mut rng))).collect();
    /// let trials = points.iter().map(|point| (point.as_slice(), point[0].unwrap_or(0.0).powi(2)));
    ///
    /// let landscape = Landscape::learn(&space, trials, Focus::All, Seed(0)).ok_or("nothing to learn from")?;
    /// let first = landscape.importance().effects[0];
    /// assert_eq!(space.parameters()[first.parameter].name, "matters");
    /// assert!(first.share.mean > 0.9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn learn<'a>(
        space: &Space,
        trials: impl IntoIterator<Item = (&'a [Option<f64>], f64)>,
        focus: Focus,
        seed: Seed,
    ) -> Option<Self> {
        let mut trials: Vec<(&[Option<f64>], f64)> = trials.into_iter().collect();
        trials.retain(|(point, _)| point.len() == space.parameters().len());
        if trials.len() < FEWEST_TRIALS {
            return None;
        }
        trials.sort_by(|left, right| compare(left.0, right.0).then(left.1.total_cmp(&right.1)));
        let losses: Vec<f64> = trials.iter().map(|(_, loss)| *loss).collect();
        let standardised = Standardised::new(&losses, focus)?;
        let (parameters, axes): (Vec<usize>, Vec<Axis>) = Axis::all(space).into_iter().unzip();
        if axes.is_empty() {
            return None;
        }
        let column = |&index: &usize| {
            let coordinates = trials.iter().map(|(point, _)| point[index].unwrap_or(f64::NAN));
            coordinates.collect()
        };
        let columns = parameters.iter().map(column).collect();
        Some(Self {
            forest: Forest::grow(Observations::new(axes, columns, standardised.losses), seed),
            parameters,
            centre: standardised.centre,
            deviation: standardised.deviation,
        })
    }

    /// The share of the losses' variance that the model explains for held-out trials. If it is small, the other results
    /// are unreliable; below 0 they mean nothing.
    pub fn explained(&self) -> f64 {
        self.forest.explained
    }

    /// The contributions of each parameter, and of each pair of parameters, to the variance of the loss over the space.
    pub fn importance(&self) -> Importance {
        fanova::importance(&self.forest, &self.parameters)
    }

    /// The loss as a function of one parameter, on average over all others; `None` if it has only one value, or was
    /// never active.
    pub fn dependence(&self, parameter: usize) -> Option<Curve> {
        dependence::curve(&self.forest, self.axis(parameter)?, parameter, |loss| self.unit(loss))
    }

    /// The loss as a function of two parameters, on average over all others; `None` if either has only one value, they
    /// are the same, or they were never active together.
    pub fn contour(&self, first: usize, second: usize) -> Option<Contour> {
        let axes = [self.axis(first)?, self.axis(second)?];
        if first == second {
            return None;
        }
        dependence::contour(&self.forest, axes, [first, second], |loss| self.unit(loss))
    }

    fn axis(&self, parameter: usize) -> Option<usize> {
        self.parameters.iter().position(|&other| other == parameter)
    }

    /// Converts a standardised loss into the unit of the loss.
    fn unit(&self, loss: f64) -> f64 {
        self.centre + self.deviation * loss
    }
}

/// A total order of points, so that the order of the trials does not matter.
fn compare(left: &[Option<f64>], right: &[Option<f64>]) -> Ordering {
    let coordinates = |point: &[Option<f64>]| {
        point
            .iter()
            .map(|coordinate| coordinate.unwrap_or(-1.0))
            .collect::<Vec<_>>()
    };
    let (left, right) = (coordinates(left), coordinates(right));
    let pairs = left.iter().zip(&right).map(|(one, other)| one.total_cmp(other));
    pairs.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests;
