//! A block of lines that is updated in place: the header, then one line per slot. Events are printed above it.

use std::io;

use console::{Term, style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::engine::{Clock, EngineEvent, Observer};
use crate::study::Study;

use super::fit::{cut, wrap};
use super::header::header;
use super::rows::Rows;
use super::sentences::{BestSeen, Tone};
use super::speed::{self, Speed};
use super::summary::summary;
use super::{DisplayFacts, sentences, words};

/// Number of lines of the header.
const HEADER: usize = 3;

/// Number of lines that stay free for events, even if there are many slots.
const FREE: usize = 4;

/// Shows a study as a block of lines that is updated in place. Colours are optional; `NO_COLOR` is respected.
pub struct Terminal {
    facts: DisplayFacts,
    term: Box<dyn TermLike>,
    /// The block: a progress bar used only to redraw in place. Dropping it clears the block, also after a panic.
    block: ProgressBar,
    rows: Rows,
    best: BestSeen,
    speed: Speed,
}

impl Terminal {
    /// A block on stderr, redrawn at most 10 times per second.
    pub fn stderr(facts: DisplayFacts) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        Self::new(facts, Box::new(Term::stderr()), target)
    }

    /// A block on a terminal. `term` gives its size and prints the summary, `target` draws the block.
    pub(super) fn new(facts: DisplayFacts, term: Box<dyn TermLike>, target: ProgressDrawTarget) -> Self {
        let block = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            block.set_style(style);
        }
        Self {
            facts,
            term,
            block,
            rows: Rows::default(),
            best: BestSeen::default(),
            speed: Speed::default(),
        }
    }

    pub(super) fn take(&mut self, event: &EngineEvent<'_>, study: &Study, elapsed: f64) {
        self.rows.take(event, study, elapsed);
        if let Some(fits) = self.speed.take(event, study, &self.facts, elapsed) {
            self.say(Tone::Ordinary, &speed::fits(fits));
        }
        let epoch = self.facts.epoch;
        match event {
            EngineEvent::Started { slots, is_resumed } => {
                // The best result of an earlier run is not reported again.
                self.best.is_new(study);
                self.say(Tone::Ordinary, &sentences::started(slots, *is_resumed, study));
                let plan = speed::at_start(study, &self.facts, slots.len());
                if let Some(plan) = plan.filter(|_| !slots.is_empty()) {
                    self.say(Tone::Ordinary, &plan);
                }
            }
            EngineEvent::Delivered { trial } => {
                let is_best = self.best.is_new(study);
                let (tone, line) = sentences::delivered(study, epoch, *trial, is_best);
                self.say(tone, &line);
            }
            EngineEvent::Inviting { how } => self.say(Tone::Ordinary, how),
            EngineEvent::WorkerJoined { slot, at, .. } => self.say(Tone::Ordinary, &sentences::joined(at, *slot)),
            EngineEvent::Queue { queue } => {
                let tone = if queue.problem.is_some() {
                    Tone::Bad
                } else {
                    Tone::Ordinary
                };
                self.say(tone, &sentences::queue(queue));
            }
            EngineEvent::WorkerLeft { slot, message } => {
                let line = sentences::left(self.rows.name(*slot), message);
                self.say(Tone::Bad, &line);
            }
            EngineEvent::WorkerLost {
                slot,
                trial,
                message,
                is_retried,
            } => {
                let line = sentences::lost(self.rows.name(*slot), *trial, message, *is_retried);
                self.say(Tone::Bad, &line);
            }
            EngineEvent::MemoryRanOut { slot, trial, message } => {
                let line = sentences::split(self.rows.name(*slot), *trial, message);
                self.say(Tone::Bad, &line);
            }
            EngineEvent::Selecting { finalists } => self.say(Tone::Ordinary, &sentences::selecting(study, *finalists)),
            EngineEvent::Stopping { why } => self.say(Tone::Ordinary, &format!("stopping: {why}")),
            EngineEvent::Ended { reason, idle_share } => {
                self.block.finish_and_clear();
                for line in summary(study, &self.facts, *reason, *idle_share, elapsed) {
                    // A closed terminal does not stop the study.
                    let _ = self.term.write_line(&line);
                }
                return;
            }
            _ => {}
        }
        self.draw(study, elapsed);
    }

    fn draw(&self, study: &Study, elapsed: f64) {
        let (height, width) = (usize::from(self.term.height()), usize::from(self.term.width()));
        let [budgets, best, trials] = header(study, &self.facts, elapsed, width);
        let mut lines = vec![
            style(budgets).for_stderr().bold().to_string(),
            style(best).for_stderr().cyan().to_string(),
            trials,
        ];
        let room = height.saturating_sub(HEADER + FREE).max(1);
        let slots = self.rows.len();
        // If not all slots fit, the last line gives the number of the others.
        let shown = if slots > room { room - 1 } else { slots };
        lines.extend((0..shown).map(|slot| self.rows.line(slot, study, self.facts.epoch, elapsed, width)));
        if shown < slots {
            let hidden = words::counted(&(slots - shown).to_string(), "slot");
            let line = format!("and {hidden} more, {} training", self.rows.training(shown));
            lines.push(cut(&line, width).into_owned());
        }
        self.block.set_message(lines.join("\n"));
    }

    /// Prints a text above the block.
    fn say(&self, tone: Tone, text: &str) {
        for line in wrap(text, self.term.width().into()) {
            let line = style(line).for_stderr();
            let line = match tone {
                Tone::Ordinary => line,
                Tone::Good => line.green().bold(),
                Tone::Bad => line.yellow(),
            };
            self.block.println(line.to_string());
        }
    }
}

impl Observer for Terminal {
    fn observe(&mut self, event: &EngineEvent<'_>, study: &Study, clock: &Clock) -> io::Result<()> {
        self.take(event, study, clock.elapsed());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::screen::Screen;
    use crate::report::terminal::testing;

    fn terminal(height: u16, width: u16) -> (Terminal, Screen) {
        let screen = Screen::new(height, width);
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let terminal = Terminal::new(testing::facts(), Box::new(screen.clone()), target);
        (terminal, screen)
    }

    /// The screen just before the study ends, and the screen at the end.
    fn screens(height: u16, width: u16) -> (String, String) {
        let (mut terminal, screen) = terminal(height, width);
        let mut before = String::new();
        testing::story(&mut |event, study, elapsed| {
            if matches!(event, EngineEvent::Stopping { .. }) {
                before = screen.text();
            }
            terminal.take(event, study, elapsed);
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
        let event = EngineEvent::Started {
            slots: &slots,
            is_resumed: false,
        };
        terminal.take(&event, &study, 0.0);
        let text = screen.text();
        assert!(text.ends_with("and 10 slots more, 0 training"), "{text}");
        assert!(text.lines().count() <= 10);
    }

    #[test]
    fn a_run_that_broke_off_leaves_no_block_behind() {
        let (mut terminal, screen) = terminal(24, 80);
        let study = testing::study_under_way();
        let slots = testing::slots();
        let event = EngineEvent::Started {
            slots: &slots,
            is_resumed: true,
        };
        terminal.take(&event, &study, 0.0);
        assert!(screen.text().contains("best accuracy"));
        drop(terminal);
        let text = screen.text();
        assert!(
            text.starts_with("continuing after 9 trials") && !text.contains("best"),
            "{text}"
        );
    }
}
