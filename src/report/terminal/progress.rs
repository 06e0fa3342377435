//! A block of lines that moves with the study: the header, then one line a slot. What has happened stands above it.

use std::io;

use console::{Term, style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::{Clock, Moment, Observer};
use crate::study::Study;

use super::fit::{cut, wrap};
use super::header::header;
use super::rows::Rows;
use super::sentences::{BestSeen, Tone};
use super::summary::summary;
use super::{Facts, sentences};

/// Lines of the header.
const HEADER: usize = 3;

/// Lines that are left free for what has happened, however many slots there are.
const FREE: usize = 4;

/// Rows and columns where the terminal does not tell.
const SIZE: (u16, u16) = (24, 80);

/// Shows a study as a block of lines that moves. Colours only stress what the words say; `NO_COLOR` is heeded.
pub struct Terminal {
    facts: Facts,
    screen: MultiProgress,
    size: Box<dyn Fn() -> (u16, u16) + Send>,
    bars: Vec<ProgressBar>,
    rows: Rows,
    best: BestSeen,
}

impl Terminal {
    /// A block on stderr, redrawn at most 10 times a second.
    pub fn stderr(facts: Facts) -> Self {
        let term = Term::stderr();
        let size = move || term.size_checked().unwrap_or(SIZE);
        Self::new(facts, ProgressDrawTarget::stderr_with_hz(10), Box::new(size))
    }

    /// A block on any target; `size` tells its rows and columns.
    pub(super) fn new(facts: Facts, target: ProgressDrawTarget, size: Box<dyn Fn() -> (u16, u16) + Send>) -> Self {
        Self {
            facts,
            screen: MultiProgress::with_draw_target(target),
            size,
            bars: Vec::new(),
            rows: Rows::default(),
            best: BestSeen::default(),
        }
    }

    pub(super) fn take(&mut self, moment: &Moment<'_>, study: &Study, elapsed: f64) {
        self.rows.take(moment, study, elapsed);
        let epoch = self.facts.epoch;
        match moment {
            Moment::Started { slots, is_resumed } => {
                // What was best before is no news.
                self.best.is_new(study);
                self.say(Tone::Ordinary, &sentences::started(slots, *is_resumed, study));
                self.lay_out();
            }
            Moment::Delivered { trial } => {
                let is_best = self.best.is_new(study);
                let (tone, line) = sentences::delivered(study, epoch, *trial, is_best);
                self.say(tone, &line);
            }
            Moment::WorkerLost { slot, trial, message } => {
                let line = sentences::lost(study, self.rows.name(*slot), *trial, message);
                self.say(Tone::Bad, &line);
            }
            Moment::Stopping { why } => self.say(Tone::Ordinary, &format!("stopping: {why}")),
            Moment::Ended { reason, idle_share } => {
                self.clear();
                for line in summary(study, &self.facts, *reason, *idle_share, elapsed) {
                    self.say(Tone::Ordinary, &line);
                }
                return;
            }
            Moment::SegmentStarted { .. } | Moment::Progressed { .. } | Moment::SegmentEnded { .. } | Moment::Tick => {}
        }
        self.draw(study, elapsed);
    }

    /// One bar a line, as many as the terminal holds; those of indicatif are only its way to keep lines in place.
    fn lay_out(&mut self) {
        let (height, _) = (self.size)();
        let room = usize::from(height).saturating_sub(HEADER + FREE).max(1);
        let slots = self.rows.len();
        let lines = HEADER + slots.min(room);
        self.bars = (0..lines)
            .map(|_| self.screen.add(ProgressBar::no_length().with_style(line_style())))
            .collect();
    }

    fn draw(&self, study: &Study, elapsed: f64) {
        let (_, width) = (self.size)();
        let width = usize::from(width);
        let [budgets, best, places] = header(study, &self.facts, elapsed, width);
        let header = [
            style(budgets).for_stderr().bold(),
            style(best).for_stderr().cyan(),
            style(places).for_stderr(),
        ];
        let slots = self.bars.len().saturating_sub(HEADER);
        let rows = (0..slots).map(|slot| {
            if slot + 1 == slots && slots < self.rows.len() {
                let hidden = self.rows.len() - slot;
                let line = format!("and {hidden} more slots, {} of them training", self.rows.training(slot));
                return cut(&line, width).into_owned();
            }
            self.rows.line(slot, study, self.facts.epoch, elapsed, width)
        });
        let lines = header.iter().map(ToString::to_string).chain(rows);
        for (bar, line) in self.bars.iter().zip(lines) {
            bar.set_message(line);
        }
    }

    /// A text that stays, above the block.
    fn say(&self, tone: Tone, text: &str) {
        let (_, width) = (self.size)();
        for line in wrap(text, width.into()) {
            let line = style(line).for_stderr();
            let line = match tone {
                Tone::Ordinary => line,
                Tone::Good => line.green().bold(),
                Tone::Bad => line.yellow(),
            };
            // A terminal that went away stops no study.
            let _ = self.screen.println(line.to_string());
        }
    }

    /// Takes the block away.
    fn clear(&mut self) {
        let _ = self.screen.clear();
        for bar in self.bars.drain(..) {
            self.screen.remove(&bar);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A run that broke off has no last moment; after one, nothing is left to take away.
        if !self.bars.is_empty() {
            self.clear();
        }
    }
}

impl Observer for Terminal {
    fn observe(&mut self, moment: &Moment<'_>, study: &Study, clock: &Clock) -> io::Result<()> {
        self.take(moment, study, clock.elapsed());
        Ok(())
    }
}

/// Nothing but the message.
fn line_style() -> ProgressStyle {
    ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::screen::Screen;
    use crate::report::terminal::testing;

    fn terminal(height: u16, width: u16) -> (Terminal, Screen) {
        let screen = Screen::new(height, width);
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let terminal = Terminal::new(testing::facts(), target, Box::new(move || (height, width)));
        (terminal, screen)
    }

    /// The screen just before the study ends, and at the end.
    fn screens(height: u16, width: u16) -> (String, String) {
        let (mut terminal, screen) = terminal(height, width);
        let mut before = String::new();
        testing::story(&mut |moment, study, elapsed| {
            if matches!(moment, Moment::Stopping { .. }) {
                before = screen.text();
            }
            terminal.take(moment, study, elapsed);
        });
        (before, screen.text())
    }

    #[test]
    fn the_block_stays_below_what_has_happened() {
        insta::assert_snapshot!(screens(30, 110).0);
    }

    #[test]
    fn the_end_leaves_the_summary_and_no_block() {
        insta::assert_snapshot!(screens(30, 110).1);
    }

    #[test]
    fn a_narrow_terminal_shows_one_line_a_slot() {
        insta::assert_snapshot!(screens(30, 44).0);
    }

    #[test]
    fn slots_beyond_the_screen_are_counted() {
        let (mut terminal, screen) = terminal(10, 80);
        let study = testing::study_under_way();
        let slots = vec![testing::slots().remove(0); 12];
        let moment = Moment::Started {
            slots: &slots,
            is_resumed: false,
        };
        terminal.take(&moment, &study, 0.0);
        let text = screen.text();
        assert!(text.ends_with("and 10 more slots, 0 of them training"), "{text}");
        assert!(text.lines().count() <= 10);
    }

    #[test]
    fn a_run_that_broke_off_leaves_no_block_behind() {
        let (mut terminal, screen) = terminal(24, 80);
        let study = testing::study_under_way();
        let slots = testing::slots();
        let moment = Moment::Started {
            slots: &slots,
            is_resumed: true,
        };
        terminal.take(&moment, &study, 0.0);
        assert!(screen.text().contains("best accuracy"));
        drop(terminal);
        let text = screen.text();
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
