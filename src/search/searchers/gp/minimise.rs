//! Minimisation of a smooth function inside a box: L-BFGS with projection (Nocedal & Wright 2006, §7.2 and §16.7).

use std::collections::VecDeque;

use super::cholesky::dot;

/// The stopping criteria of [`minimise`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Maximum number of steps.
    pub(crate) steps: usize,
    /// Stops when a step gains less than this.
    pub(crate) tolerance: f64,
}

/// Number of remembered pairs of steps and gradient changes; Nocedal & Wright recommend 3 to 20.
const MEMORY: usize = 8;

/// A step is accepted if it decreases the value by this share of what the slope predicts (Nocedal & Wright 2006, §3.1).
const ARMIJO: f64 = 1e-4;

/// Number of times that a step is halved before it is abandoned.
const HALVINGS: usize = 20;

/// The point of the box where a descent from `start` ends, and the value there. `function` returns the value and the
/// gradient, or `None` where it is not defined. Returns `None` if it is not defined at `start`.
pub(crate) fn minimise(
    start: &[f64],
    bounds: &[(f64, f64)],
    effort: Effort,
    mut function: impl FnMut(&[f64]) -> Option<(f64, Vec<f64>)>,
) -> Option<(Vec<f64>, f64)> {
    let mut point = projected(start, bounds);
    let (mut value, mut gradient) = function(&point)?;
    let mut history: VecDeque<Curvature> = VecDeque::with_capacity(MEMORY);
    for _ in 0..effort.steps {
        let free = free_coordinates(&point, &gradient, bounds);
        let mut direction = direction(&gradient, &free, &history);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            history.clear();
            direction = steepest(&gradient, &free);
            slope = dot(&direction, &gradient);
        }
        if slope >= -f64::EPSILON {
            break;
        }
        // Without curvature the length of the gradient has no meaning: start with a step of a tenth.
        let mut length = if history.is_empty() {
            0.1 / dot(&direction, &direction).sqrt()
        } else {
            1.0
        };
        let mut accepted = None;
        for _ in 0..HALVINGS {
            let moved: Vec<f64> = point.iter().zip(&direction).map(|(x, d)| x + length * d).collect();
            let moved = projected(&moved, bounds);
            if let Some((new_value, new_gradient)) = function(&moved)
                && new_value <= value + ARMIJO * length * slope
            {
                accepted = Some((moved, new_value, new_gradient));
                break;
            }
            length *= 0.5;
        }
        let Some((moved, new_value, new_gradient)) = accepted else {
            break;
        };
        Curvature::remember(&mut history, &point, &moved, &gradient, &new_gradient);
        let gain = value - new_value;
        (point, value, gradient) = (moved, new_value, new_gradient);
        if gain < effort.tolerance {
            break;
        }
    }
    Some((point, value))
}

/// A step, the change of the gradient over it, and the reciprocal of their dot product.
struct Curvature {
    step: Vec<f64>,
    change: Vec<f64>,
    scale: f64,
}

impl Curvature {
    fn remember(history: &mut VecDeque<Self>, from: &[f64], to: &[f64], before: &[f64], after: &[f64]) {
        let difference =
            |new: &[f64], old: &[f64]| -> Vec<f64> { new.iter().zip(old).map(|(new, old)| new - old).collect() };
        let (step, change) = (difference(to, from), difference(after, before));
        let product = dot(&step, &change);
        // The pair describes a minimum only if the function curves upwards.
        if product > 1e-12 {
            if history.len() == MEMORY {
                history.pop_front();
            }
            history.push_back(Self {
                scale: 1.0 / product,
                step,
                change,
            });
        }
    }
}

fn projected(point: &[f64], bounds: &[(f64, f64)]) -> Vec<f64> {
    let bounded = point.iter().zip(bounds);
    bounded.map(|(x, &(low, high))| x.clamp(low, high)).collect()
}

/// For each coordinate, false if it is at a bound and the descent pushes against it.
fn free_coordinates(point: &[f64], gradient: &[f64], bounds: &[(f64, f64)]) -> Vec<bool> {
    let coordinates = point.iter().zip(gradient).zip(bounds);
    coordinates
        .map(|((&x, &slope), &(low, high))| !(x <= low && slope > 0.0 || x >= high && slope < 0.0))
        .collect()
}

fn steepest(gradient: &[f64], free: &[bool]) -> Vec<f64> {
    let coordinates = gradient.iter().zip(free);
    coordinates
        .map(|(slope, &is_free)| if is_free { -slope } else { 0.0 })
        .collect()
}

/// The two-loop recursion (Nocedal & Wright 2006, Algorithm 7.4).
fn direction(gradient: &[f64], free: &[bool], history: &VecDeque<Curvature>) -> Vec<f64> {
    let mut direction = steepest(gradient, free);
    let mut shares = Vec::with_capacity(history.len());
    for pair in history.iter().rev() {
        let share = pair.scale * dot(&pair.step, &direction);
        add(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    if let Some(last) = history.back() {
        let shrink = 1.0 / (last.scale * dot(&last.change, &last.change));
        for component in &mut direction {
            *component *= shrink;
        }
    }
    for (pair, share) in history.iter().zip(shares.into_iter().rev()) {
        let correction = share - pair.scale * dot(&pair.change, &direction);
        add(&mut direction, correction, &pair.step);
    }
    for (component, &is_free) in direction.iter_mut().zip(free) {
        if !is_free {
            *component = 0.0;
        }
    }
    direction
}

fn add(target: &mut [f64], factor: f64, other: &[f64]) {
    for (value, &other) in target.iter_mut().zip(other) {
        *value += factor * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFORT: Effort = Effort {
        steps: 200,
        tolerance: 1e-14,
    };

    fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
        let valley = x[1] - x[0] * x[0];
        let value = 100.0 * valley * valley + (1.0 - x[0]).powi(2);
        let gradient = vec![-400.0 * x[0] * valley - 2.0 * (1.0 - x[0]), 200.0 * valley];
        (value, gradient)
    }

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        let bounds = [(-5.0, 5.0); 2];
        let (point, value) = minimise(&[-1.2, 1.0], &bounds, EFFORT, |x| Some(rosenbrock(x))).unwrap();
        assert!(
            (point[0] - 1.0).abs() < 1e-4 && (point[1] - 1.0).abs() < 1e-4,
            "{point:?}"
        );
        assert!(value < 1e-8);
    }

    #[test]
    fn a_minimum_outside_the_box_is_sought_on_its_side() {
        // On the line x₀ = 0.5 the minimum is at x₁ = 0.25.
        let bounds = [(-5.0, 0.5), (-5.0, 5.0)];
        let (point, _) = minimise(&[-1.2, 1.0], &bounds, EFFORT, |x| Some(rosenbrock(x))).unwrap();
        assert!(
            (point[0] - 0.5).abs() < 1e-6 && (point[1] - 0.25).abs() < 1e-4,
            "{point:?}"
        );
    }

    #[test]
    fn undefined_points_are_avoided_and_an_undefined_start_is_no_start() {
        let root = |x: &[f64]| (x[0] > 0.0).then(|| (x[0] - x[0].ln(), vec![1.0 - 1.0 / x[0]]));
        let (point, _) = minimise(&[3.0], &[(-10.0, 10.0)], EFFORT, root).unwrap();
        assert!((point[0] - 1.0).abs() < 1e-5, "{point:?}");
        assert!(minimise(&[-1.0], &[(-10.0, 10.0)], EFFORT, root).is_none());
    }
}
