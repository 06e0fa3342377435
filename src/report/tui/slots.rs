//! The activity of every slot, one line each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::engine::QueueState;
use crate::report::State;
use crate::report::terminal::words;
use crate::report::view::{RunningView, SlotView, StudyView};

use super::style::Look;
use super::table::{self, Column};
use super::{curves, panel, text, trials};

/// Smallest width, in columns, for long bars and full words.
const WIDE: u16 = 100;

/// Draws the slots; if not all fit, the last line gives the number of the others.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, look: Look) {
    let busy = view.slots.iter().filter(|slot| slot.running.is_some()).count();
    let queue = view.queue.as_ref().map(QueueState::sentence);
    let jobs = queue.as_ref().map_or_else(String::new, |queue| format!(" · {queue}"));
    let title = format!("Slots: {busy} of {} train{jobs}", view.slots.len());
    let inner = panel::titled(buffer, area, if view.slots.is_empty() { "Slots" } else { &title });
    if view.slots.is_empty() {
        let is_running = view.state == State::Running;
        let words = if is_running {
            queue.as_deref().unwrap_or("the workers start")
        } else {
            "no process works on the study now"
        };
        panel::empty(buffer, inner, words);
        return;
    }
    let room = usize::from(inner.height);
    // The last line counts the slots that do not fit. A single line shows a slot instead.
    let shown = if view.slots.len() > room {
        room.saturating_sub(1).max(1)
    } else {
        view.slots.len()
    };
    let (slots, hidden) = view.slots.split_at(shown);
    table::draw(buffer, inner, columns(slots, view, inner.width >= WIDE, look), false);
    if !hidden.is_empty() && room > 1 {
        let training = hidden.iter().filter(|slot| slot.running.is_some()).count();
        let count = words::counted(&hidden.len().to_string(), "slot");
        let last = Rect {
            y: inner.bottom() - 1,
            height: 1,
            ..inner
        };
        panel::empty(buffer, last, &format!("and {count} more, {training} training"));
    }
}

fn columns(slots: &[SlotView], view: &StudyView, is_wide: bool, look: Look) -> Vec<Column> {
    let bar = if is_wide { 14 } else { 8 };
    let all = |cell: &dyn Fn(&SlotView) -> String| -> Vec<(String, Style)> {
        slots.iter().map(|slot| (cell(slot), Look::plain())).collect()
    };
    let of_running = |cell: &dyn Fn(&RunningView) -> String| -> Vec<(String, Style)> {
        let cell = |slot: &SlotView| slot.running.as_ref().map_or_else(String::new, cell);
        slots.iter().map(|slot| (cell(slot), Look::plain())).collect()
    };
    let live = |cells: Vec<(String, Style)>| cells.into_iter().map(|(cell, _)| (cell, look.live())).collect();
    let value = |running: &RunningView| {
        let known = trials::find(view, running.trial).and_then(|trial| trial.curve.last());
        let value = running.curve.last().or(known).map(|(_, value)| words::metric(*value));
        value.unwrap_or_default()
    };
    let doing = all(&|slot| match &slot.running {
        Some(running) => format!("trial {}", running.trial),
        None => "waits".to_owned(),
    });
    let mut columns = vec![
        Column::words(
            0,
            "",
            all(&|slot| text::cut(&format!("{} {}", slot.device, slot.slot), 12)),
        ),
        Column::words(0, "", doing),
    ];
    if view.has_epochs {
        let levels = |running: &RunningView| {
            let (from, to) = running.levels;
            let [at, from, to] = [running.at, from, to].map(text::level);
            // The width is constant, so that the columns do not move during training.
            let epoch = if is_wide { "epoch " } else { "" };
            format!("{epoch}{at:>4} of {from}→{to}")
        };
        columns.push(Column::words(
            1,
            "",
            live(of_running(&|running| progress(running, bar))),
        ));
        columns.push(Column::words(2, "", of_running(&levels)));
    } else {
        let since = |running: &RunningView| format!("for {}", words::duration(view.elapsed - running.begin));
        columns.push(Column::words(1, "", of_running(&since)));
    }
    columns.push(Column::numbers(3, "", of_running(&value)));
    let loss = |running: &RunningView| {
        let name = if is_wide { "train loss" } else { "loss" };
        let loss = running
            .train_loss
            .map(|loss| format!("{name} {:<4}", words::loss(loss)));
        loss.unwrap_or_default()
    };
    columns.push(Column::words(4, "", of_running(&loss)));
    let curve = |running: &RunningView| {
        let points = curves::with_segment(trials::find(view, running.trial), &running.curve);
        let values: Vec<f64> = points.into_iter().map(|(_, value)| value).collect();
        text::sparkline(&values, bar)
    };
    columns.push(Column::words(5, "", live(of_running(&curve))));
    columns.push(Column::numbers(
        6,
        "",
        all(&|slot| format!("busy {}", words::percentage(slot.busy))),
    ));
    columns
}

fn progress(running: &RunningView, columns: usize) -> String {
    let (from, to) = running.levels;
    let (full, rest) = text::bar((running.at - from) / (to - from), columns);
    full + &rest
}
