//! The best result over time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::report::view::StudyView;

use super::chart::{Chart, Curve};
use super::panel;
use super::scale::Range;
use super::style::Look;

/// Draws the any-time curve: the best value, or with several metrics the hypervolume of the Pareto front.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, look: Look) {
    let front: Vec<(f64, f64)> = view
        .incumbent
        .iter()
        .filter_map(|point| Some((point.seconds, point.hypervolume?)))
        .collect();
    let shows_front = view.has_front && !front.is_empty();
    let metric = view.metrics.first();
    let name = metric.map_or("value", |metric| &metric.name);
    let title = if shows_front {
        "1 Share of the box that the front dominates".to_owned()
    } else {
        format!("1 Best {name} over time")
    };
    let inner = panel::titled(buffer, area, &title);
    let mut points = if shows_front {
        front
    } else {
        view.incumbent
            .iter()
            .map(|point| (point.seconds, point.value))
            .collect()
    };
    points.retain(|(seconds, value)| seconds.is_finite() && value.is_finite());
    let Some(&(last, best)) = points.last() else {
        panel::empty(buffer, inner, "no result yet");
        return;
    };
    // The best value holds until now.
    if view.elapsed > last {
        points.push((view.elapsed, best));
    }
    let Some(range) = Range::of(points.iter().map(|(_, value)| *value), Some(best)) else {
        return;
    };
    let target = metric.and_then(|metric| metric.target).filter(|_| !shows_front);
    let end = points.iter().fold(0.0, |end: f64, (seconds, _)| end.max(*seconds));
    let chart = Chart {
        unit: "time",
        is_time: true,
        x: Range::new(0.0, end),
        y: target.map_or(range, |target| range.with(target)),
        curves: vec![Curve {
            points,
            is_stepped: true,
            style: look.good(),
            label: String::new(),
        }],
        target,
    };
    chart.draw(buffer, inner);
}
