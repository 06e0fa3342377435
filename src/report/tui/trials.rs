//! The table of all trials, the best first.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::report::TrialStatus;
use crate::report::terminal::words;
use crate::report::view::{StudyView, TrialView};

use super::scroll::Extent;
use super::style::Look;
use super::table::{self, Column};
use super::{panel, text};

/// Largest width of a parameter's name or value, in columns.
const PARAMETER: usize = 16;

/// Scroll range of the table.
pub(super) fn extent(view: &StudyView, area: Rect) -> Extent {
    // One row for the title of the panel, one for the titles of the columns.
    let room = usize::from(area.height).saturating_sub(2);
    Extent {
        last: view.trials.len().saturating_sub(room),
        page: room,
    }
}

/// Draws the trials from index `offset` on. Only visible rows are formatted.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, offset: usize, look: Look) {
    let extent = extent(view, area);
    let offset = offset.min(extent.last);
    let count = view.trials.len();
    let title = if count > extent.page && extent.page > 0 {
        let last = (offset + extent.page).min(count);
        format!("2 Trials {} to {last} of {count}, the best first", offset + 1)
    } else {
        format!("2 Trials: {count}")
    };
    let inner = panel::titled(buffer, area, &title);
    if view.trials.is_empty() {
        panel::empty(buffer, inner, "no trial yet");
        return;
    }
    let order = order(view);
    let end = (offset + extent.page).min(order.len());
    table::draw(buffer, inner, columns(view, &order[offset..end], look), true);
}

/// All trials: those with a result by rank, then the others, the newest first.
pub(super) fn order(view: &StudyView) -> Vec<&TrialView> {
    let mut order: Vec<&TrialView> = view.trials.iter().collect();
    order.sort_by_key(|trial| match trial.rank {
        Some(rank) => (false, rank, Reverse(0)),
        None => (true, 0, Reverse(trial.trial)),
    });
    order
}

/// The trial with this number.
pub(super) fn find(view: &StudyView, number: u32) -> Option<&TrialView> {
    let trial = view.trials.get(number as usize)?;
    (trial.trial == number).then_some(trial)
}

fn columns(view: &StudyView, trials: &[&TrialView], look: Look) -> Vec<Column> {
    let style = |trial: &TrialView| match trial.status {
        _ if Some(trial.trial) == view.best => look.good(),
        TrialStatus::Failed => look.bad(),
        TrialStatus::Running => look.live(),
        _ => Look::plain(),
    };
    let column = |cell: &dyn Fn(&TrialView) -> String| -> Vec<(String, Style)> {
        trials.iter().map(|trial| (cell(trial), style(trial))).collect()
    };
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), words::metric);
    let rank = |trial: &TrialView| {
        let rank = trial.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
        if view.has_front && trial.is_on_front {
            format!("*{rank}")
        } else {
            rank
        }
    };
    let mut columns = vec![
        Column::numbers(0, "#", column(&rank)),
        Column::numbers(0, "trial", column(&|trial| trial.trial.to_string())),
        Column::words(0, "status", column(&|trial| trial.status.name().to_owned())),
    ];
    let first = view.metrics.first().map_or("value", |metric| &metric.name);
    columns.push(Column::numbers(
        0,
        &text::cut(first, PARAMETER),
        column(&|trial| number(trial.value)),
    ));
    for metric in view.metrics.iter().skip(1) {
        let cells = column(&|trial| number(trial.metrics.get(&metric.name).copied()));
        columns.push(Column::numbers(2, &text::cut(&metric.name, PARAMETER), cells));
    }
    if view.has_epochs {
        columns.push(Column::numbers(1, "epochs", column(&|trial| text::level(trial.epochs))));
    }
    columns.push(Column::words(
        3,
        "origin",
        column(&|trial| text::cut(&trial.origin, PARAMETER)),
    ));
    let searched = view.parameters.iter().filter(|parameter| !parameter.is_constant);
    for (index, parameter) in searched.enumerate() {
        let value = |trial: &TrialView| {
            let value = trial.params.get(&parameter.name);
            value.map_or_else(|| "–".to_owned(), |value| text::cut(&words::value(value), PARAMETER))
        };
        let (title, cells) = (text::cut(&parameter.name, PARAMETER), column(&value));
        // The last parameters are dropped first.
        columns.push(if parameter.kind == "number" {
            Column::numbers(4 + index, &title, cells)
        } else {
            Column::words(4 + index, &title, cells)
        });
    }
    let last = 4 + view.parameters.len();
    let ended = column(&|trial| text::cut(&trial.stop_reason, PARAMETER));
    columns.push(Column::words(last, "ended by", ended));
    columns
}
