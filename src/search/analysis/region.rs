//! The boxes of the unit cube that belong to the leaves of a tree.

/// A part of the unit interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Interval {
    pub(super) fn new(from: f64, to: f64) -> Self {
        Self { from, to }
    }

    fn length(self) -> f64 {
        self.to - self.from
    }
}

/// The whole of an axis.
pub(super) const WHOLE: Interval = Interval { from: 0.0, to: 1.0 };

/// The box of a leaf, on which the tree is constant.
#[derive(Clone, Debug)]
pub(super) struct Region<'a> {
    /// The value of the tree in the box.
    pub(super) value: f64,
    /// On each axis, the intervals that belong to it, in ascending order; several intervals only for categories.
    pub(super) sides: Vec<Vec<Interval>>,
    /// The observations that fell into it when the tree was grown.
    pub(super) rows: &'a [u32],
}

impl Region<'_> {
    /// Its length on an axis.
    pub(super) fn length(&self, axis: usize) -> f64 {
        length(&self.sides[axis])
    }

    /// Its volume in the unit cube.
    pub(super) fn volume(&self) -> f64 {
        self.sides.iter().map(|side| length(side)).product()
    }
}

fn length(side: &[Interval]) -> f64 {
    side.iter().map(|interval| interval.length()).sum()
}

/// The intersection of two lists of disjoint intervals in ascending order.
pub(super) fn intersection(left: &[Interval], right: &[Interval]) -> Vec<Interval> {
    let mut common = Vec::with_capacity(left.len().max(right.len()));
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        let (from, to) = (a.from.max(b.from), a.to.min(b.to));
        if from < to {
            common.push(Interval { from, to });
        }
        if a.to < b.to {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intersection_keeps_what_lies_in_both() {
        let left = [Interval::new(0.0, 0.25), Interval::new(0.5, 1.0)];
        let right = [Interval::new(0.125, 0.75)];
        let common = [Interval::new(0.125, 0.25), Interval::new(0.5, 0.75)];
        assert_eq!(intersection(&left, &right), common);
        assert_eq!(intersection(&right, &left), common);
        assert!(intersection(&left[..1], &left[1..]).is_empty());
    }
}
