//! The header in three lines: state of the study, best result, and budgets.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::report::terminal::words;
use crate::report::view::StudyView;
use crate::report::{State, TrialStatus};
use crate::study::EndReason;

use super::state::Screen;
use super::style::Look;
use super::{text, trials};

/// Smallest width, in columns, at which the header counts trials by state.
const WITH_COUNTS: u16 = 120;

/// Smallest number of columns for the study's name beside the time left.
const NAME: usize = 16;

/// Smallest width, in columns, at which the target is shown beside the best value.
const WITH_TARGET: usize = 100;

/// Draws the header.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, screen: &Screen, look: Look) {
    for (line, y) in [
        name_line(view, screen, area.width.into()),
        best_line(view, look, area.width.into()),
        budget_line(view, look, area.width),
    ]
    .into_iter()
    .zip(area.top()..area.bottom())
    {
        buffer.set_line(area.x, y, &line, area.width);
    }
}

/// `movie-sentiment  running                     about 18m 00s left`.
fn name_line(view: &StudyView, screen: &Screen, width: usize) -> Line<'static> {
    let is_running = view.state == State::Running;
    let left = view.seconds_left.filter(|seconds| is_running && seconds.is_finite());
    let left = left.map_or_else(String::new, |seconds| {
        format!("about {} left", words::duration(seconds))
    });
    let (state, style) = match view.state {
        State::Running if screen.is_stopping() => (" stopping ".to_owned(), Look::reversed()),
        State::Running if view.is_held => (" held: nothing new is started ".to_owned(), Look::reversed()),
        State::Ended => (format!("ended: {}", reason(view)), Look::plain()),
        State::Interrupted => ("interrupted, it can be resumed".to_owned(), Look::plain()),
        State::Died => ("died, it can be resumed".to_owned(), Look::plain()),
        State::Running => ("running".to_owned(), Look::plain()),
    };
    let state = text::cut(&state, width.saturating_sub(12));
    let state_width = text::width(&state) + 2;
    // A long name is cut to fit the state and the time left. Below `NAME` columns, the time left gives way.
    let room = width.saturating_sub(state_width);
    let beside = room.saturating_sub(text::width(&left) + 2);
    let name = text::cut(&view.name, if beside < NAME { room } else { beside });
    let used = text::width(&name) + state_width;
    let gap = width.saturating_sub(used + text::width(&left));
    let left = if gap < 2 { String::new() } else { left };
    Line::from(vec![
        Span::styled(name, Look::strong()),
        Span::raw("  "),
        Span::styled(state, style),
        Span::raw(" ".repeat(gap)),
        Span::raw(left),
    ])
}

fn reason(view: &StudyView) -> &'static str {
    match view.reason {
        Some(EndReason::Target) => "the target is met",
        Some(EndReason::Wall) => "the wall budget is spent",
        Some(EndReason::Trials) => "all trials of the budget have run",
        Some(EndReason::Exhausted) => "every configuration has been tried",
        Some(EndReason::Failures) => "the first trials all failed",
        None => "nothing is left to do",
    }
}

/// `best accuracy 0.9132 in trial 17: learning_rate 2.1e-5, batch_size 16, …`.
fn best_line(view: &StudyView, look: Look, width: usize) -> Line<'static> {
    let metric = view.metrics.first();
    let name = metric.map_or("value", |metric| &metric.name);
    let Some(best) = view.best.and_then(|best| trials::find(view, best)) else {
        return Line::from(format!("no {name} yet"));
    };
    let value = best.value.map_or_else(|| "–".to_owned(), words::metric);
    let found = text::cut(&format!("best {name} {value}"), width);
    let target = metric.and_then(|metric| Some((metric.target?, metric.goal, best.value?)));
    let target = target.map_or_else(String::new, |(target, goal, value)| {
        let is_met = if goal == "minimize" {
            value <= target
        } else {
            value >= target
        };
        match is_met {
            true if width < WITH_TARGET => " (target met)".to_owned(),
            true => format!(" (target {} met)", words::metric(target)),
            false if width < WITH_TARGET => String::new(),
            false => format!(" (target {} not met)", words::metric(target)),
        }
    });
    let trial = format!("{target} in trial {}: ", best.trial);
    let room = width.saturating_sub(text::width(&found) + text::width(&trial));
    let parameters = view.parameters.iter().filter(|parameter| !parameter.is_constant);
    let parameters = parameters.filter_map(|parameter| {
        let value = best.params.get(&parameter.name)?;
        Some(format!("{} {}", parameter.name, words::value(value)))
    });
    Line::from(vec![
        Span::styled(found, look.good()),
        Span::raw(trial),
        Span::raw(text::fitting(parameters, ", ", room)),
    ])
}

/// `time ━━━━━━━──── 12:03 of 30:00   trials ━━━━─────── 23 of 60`.
fn budget_line(view: &StudyView, look: Look, width: u16) -> Line<'static> {
    let elapsed = words::stopwatch(view.elapsed);
    let time = match view.wall {
        Some(wall) => format!("{elapsed} of {}", words::stopwatch(wall)),
        None => elapsed,
    };
    // Runs that repeat finalists with other seeds are not counted in the budget.
    let count = view.trials.iter().filter(|trial| trial.repeats.is_none()).count();
    let trials = match view.max_trials {
        Some(most) => format!("{count} of {most}"),
        None => count.to_string(),
    };
    let counts = if width >= WITH_COUNTS {
        counts(view)
    } else {
        String::new()
    };
    let mut bars = 0;
    bars += usize::from(view.wall.is_some());
    bars += usize::from(view.max_trials.is_some());
    let fixed = ["time  ", &time, "   trials  ", &trials, &counts];
    let fixed: usize = fixed.into_iter().map(text::width).sum();
    let room = usize::from(width).saturating_sub(fixed + bars) / bars.max(1);
    let columns = room.min(40);
    let mut spans = vec![Span::raw("time ")];
    spans.extend(bar(view.wall.map(|wall| view.elapsed / wall), columns, look));
    spans.push(Span::raw(format!("{time}   trials ")));
    spans.extend(bar(
        view.max_trials.map(|most| count as f64 / f64::from(most)),
        columns,
        look,
    ));
    spans.push(Span::raw(trials));
    spans.push(Span::raw(counts));
    Line::from(spans)
}

/// `   2 running, 8 paused, 12 pruned, 1 failed`.
fn counts(view: &StudyView) -> String {
    let counted = TrialStatus::ALL.map(|status| {
        let count = view.trials.iter().filter(|trial| trial.status == status).count();
        (count > 0).then(|| format!("{count} {}", status.name()))
    });
    let counted: Vec<String> = counted.into_iter().flatten().collect();
    if counted.is_empty() {
        String::new()
    } else {
        format!("   {}", counted.join(", "))
    }
}

fn bar(share: Option<f64>, columns: usize, look: Look) -> Vec<Span<'static>> {
    let Some(share) = share.filter(|_| columns > 3) else {
        return Vec::new();
    };
    let (full, rest) = text::bar(share, columns);
    vec![
        Span::styled(full, look.live()),
        Span::styled(rest, Look::faint()),
        Span::raw(" "),
    ]
}
