//! Learning curves of the best and of the running trials.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::report::TrialStatus;
use crate::report::view::{StudyView, TrialView};

use super::chart::{Chart, Curve};
use super::panel;
use super::scale::Range;
use super::scroll::Extent;
use super::style::Look;
use super::trials;

/// Scroll range of the curves; one step is one rank.
pub(super) fn extent(view: &StudyView, area: Rect) -> Extent {
    let shown = shown_at_once(area);
    Extent {
        last: view
            .trials
            .iter()
            .filter(|trial| is_ranked(trial))
            .count()
            .saturating_sub(shown),
        page: shown,
    }
}

/// Draws the curves from rank `offset` + 1 on. The number of a running trial is followed by an ellipsis.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, offset: usize, look: Look) {
    let offset = offset.min(extent(view, area).last);
    let order = trials::order(view);
    let ranked = order.into_iter().filter(|trial| is_ranked(trial));
    let ranked: Vec<&TrialView> = ranked.skip(offset).take(shown_at_once(area)).collect();
    let name = view.metrics.first().map_or("value", |metric| &metric.name);
    let which = match (ranked.as_slice(), offset) {
        ([], _) => "running trials".to_owned(),
        (_, 0) => "best and running trials".to_owned(),
        (ranked, _) => format!("ranks {} to {} and running trials", offset + 1, offset + ranked.len()),
    };
    let inner = panel::titled(buffer, area, &format!("3 Learning curves, {name}: {which}"));

    if !view.has_epochs {
        panel::empty(buffer, inner, "trials of this study have no epochs");
        return;
    }
    // The best curve is drawn last, so that it is on top.
    let running = running(view).filter(|(trial, _)| ranked.iter().all(|ranked| ranked.trial != trial.trial));
    let mut curves: Vec<Curve> = running
        .map(|(trial, points)| curve(points, format!("{}…", trial.trial)))
        .chain(
            ranked
                .iter()
                .rev()
                .map(|trial| curve(trial_curve(view, trial), label(trial))),
        )
        .filter(|curve| curve.points.iter().any(|(x, y)| x.is_finite() && y.is_finite()))
        .collect();
    let count = curves.len();
    for (index, curve) in curves.iter_mut().enumerate() {
        curve.style = look.series(count - 1 - index);
    }
    if let Some(best) = curves.last_mut().filter(|_| offset == 0 && !ranked.is_empty()) {
        best.style = look.good();
    }

    let points = || curves.iter().flat_map(|curve| &curve.points);
    let best = ranked.first().and_then(|trial| trial.value);
    let y = Range::of(points().map(|(_, value)| *value), best);
    let x = points().map(|(epoch, _)| *epoch).filter(|epoch| epoch.is_finite());
    let (Some(y), Some(end)) = (y, x.reduce(f64::max)) else {
        panel::empty(buffer, inner, "no evaluation yet");
        return;
    };
    let chart = Chart {
        unit: "epochs",
        is_time: false,
        // Extra space for the label of the longest curve.
        x: Range::new(0.0, end + (end * 0.06).abs()),
        y,
        curves,
        target: view.metrics.first().and_then(|metric| metric.target),
    };
    chart.draw(buffer, inner);
}

/// Learning curve of a running trial: its earlier evaluations, followed by those of the running segment.
pub(super) fn with_segment(trial: Option<&TrialView>, segment: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points = trial.map_or_else(Vec::new, |trial| trial.curve.clone());
    let last = points.last().map_or(f64::NEG_INFINITY, |(epoch, _)| *epoch);
    points.extend(segment.iter().filter(|(epoch, _)| *epoch > last));
    points
}

fn running(view: &StudyView) -> impl Iterator<Item = (&TrialView, Vec<(f64, f64)>)> {
    view.slots.iter().filter_map(|slot| {
        let running = slot.running.as_ref()?;
        let trial = trials::find(view, running.trial)?;
        Some((trial, with_segment(Some(trial), &running.curve)))
    })
}

fn trial_curve(view: &StudyView, trial: &TrialView) -> Vec<(f64, f64)> {
    let mut running = running(view).filter(|(running, _)| running.trial == trial.trial);
    running.next().map_or_else(|| trial.curve.clone(), |(_, points)| points)
}

fn label(trial: &TrialView) -> String {
    if trial.status == TrialStatus::Running {
        format!("{}…", trial.trial)
    } else {
        trial.trial.to_string()
    }
}

fn curve(points: Vec<(f64, f64)>, label: String) -> Curve {
    Curve {
        points,
        is_stepped: false,
        style: Look::plain(),
        label,
    }
}

fn is_ranked(trial: &TrialView) -> bool {
    trial.rank.is_some() && !trial.curve.is_empty()
}

/// Number of curves that can be told apart.
fn shown_at_once(area: Rect) -> usize {
    usize::from(area.height / 3).clamp(2, 5)
}
