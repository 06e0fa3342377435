//! State of the user interface, and its reaction to keys. It is pure: keys go in, actions come out.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use crate::report::State;
use crate::report::view::StudyView;

use super::panel::Panel;
use super::scroll::{Extent, Scroll};
use super::{curves, events, layout, trials};

/// A request of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave the view; the study continues.
    Quit,
    /// Stop the study gracefully. Sent again if the user asks again.
    Stop,
    /// Hold the study, which starts no new segments, or continue it if `false`.
    Hold(bool),
}

/// A question that waits for `y` or `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Ask before leaving the view; the study continues with plain lines.
    Quit,
    /// Ask before stopping the study.
    Stop,
}

/// Notice about the last request, shown until the next key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The study is stopping.
    Stopping,
    /// No new segments are started.
    Holding,
    /// New segments are started again.
    Continuing,
}

/// Stage of the study, as far as it matters for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Running,
    /// The study was asked to stop, but still runs.
    Stopping,
    /// No process runs the study.
    Over,
}

/// State of the user interface: the selected panel, scroll offsets, and an open question.
#[derive(Clone, Debug)]
pub struct Screen {
    /// True if this process runs the study. It then continues after the view is left.
    is_owner: bool,
    stage: Stage,
    is_held: bool,
    is_help_open: bool,
    panel: Panel,
    question: Option<Question>,
    notice: Option<Notice>,
    scroll: Scroll,
}

impl Screen {
    /// The initial screen. `is_owner`: this process runs the study and shows plain lines after the view is left.
    pub fn new(is_owner: bool) -> Self {
        Self {
            is_owner,
            stage: Stage::Running,
            is_held: false,
            is_help_open: false,
            panel: Panel::Incumbent,
            question: None,
            notice: None,
            scroll: Scroll::default(),
        }
    }

    /// Updates the stage of the study and the scroll range before `view` is drawn in `area`.
    pub(super) fn see(&mut self, view: &StudyView, area: Rect) {
        self.stage = match self.stage {
            _ if view.state != State::Running => Stage::Over,
            Stage::Over => Stage::Running,
            stage => stage,
        };
        self.is_held = view.is_held;
        let areas = layout::areas(view, self.panel, area);
        let extent = match self.panel {
            Panel::Incumbent => Extent::default(),
            Panel::Trials => trials::extent(view, areas.large),
            Panel::Curves => curves::extent(view, areas.large),
            Panel::Events => events::extent(view, areas.large),
        };
        self.scroll.see(self.panel, extent);
        if self.stage == Stage::Over {
            (self.question, self.notice) = (None, None);
        }
    }

    /// Handles a key; `None` if it only changes the view or does nothing.
    pub fn key(&mut self, key: KeyEvent) -> Option<Action> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        self.notice = None;
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if key.code == KeyCode::Char('c') {
                self.interrupt()
            } else {
                None
            };
        }
        if let Some(question) = self.question {
            return self.answer(question, key.code);
        }
        if self.is_help_open {
            self.is_help_open = false;
            return None;
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return self.quit(),
            KeyCode::Char('s') if self.stage != Stage::Over => self.question = Some(Question::Stop),
            KeyCode::Char('p') if self.stage != Stage::Over => return Some(self.hold()),
            KeyCode::Char('?' | 'h') => self.is_help_open = true,
            KeyCode::Tab | KeyCode::Right => self.panel = self.panel.next(1),
            KeyCode::BackTab | KeyCode::Left => self.panel = self.panel.next(Panel::ALL.len() - 1),
            KeyCode::Char(digit @ '1'..='4') => self.panel = Panel::ALL[digit as usize - '1' as usize],
            code => self.scroll.key(self.panel, code),
        }
        None
    }

    /// The first Ctrl-C asks; the second one confirms.
    fn interrupt(&mut self) -> Option<Action> {
        if self.stage == Stage::Over {
            return Some(Action::Quit);
        }
        if self.question == Some(Question::Stop) {
            return self.answer(Question::Stop, KeyCode::Char('y'));
        }
        self.question = Some(Question::Stop);
        None
    }

    fn answer(&mut self, question: Question, code: KeyCode) -> Option<Action> {
        let is_yes = match code {
            KeyCode::Char('y' | 'Y') => true,
            KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => false,
            // Any other key is ignored.
            _ => return None,
        };
        self.question = None;
        if !is_yes {
            return None;
        }
        Some(match question {
            Question::Quit => Action::Quit,
            Question::Stop => {
                self.stage = Stage::Stopping;
                self.notice = Some(Notice::Stopping);
                Action::Stop
            }
        })
    }

    fn quit(&mut self) -> Option<Action> {
        if self.is_owner && self.stage != Stage::Over {
            self.question = Some(Question::Quit);
            return None;
        }
        Some(Action::Quit)
    }

    fn hold(&mut self) -> Action {
        let is_held = !self.is_held;
        self.notice = Some(if is_held { Notice::Holding } else { Notice::Continuing });
        Action::Hold(is_held)
    }

    /// The selected panel.
    pub(super) fn panel(&self) -> Panel {
        self.panel
    }

    /// Scroll offset of a panel.
    pub(super) fn offset(&self, panel: Panel) -> usize {
        self.scroll.offset(panel)
    }

    /// The open question.
    pub(super) fn question(&self) -> Option<Question> {
        self.question
    }

    /// The notice about the last request.
    pub(super) fn notice(&self) -> Option<Notice> {
        self.notice
    }

    /// Returns `true` if the help is open.
    pub(super) fn is_help_open(&self) -> bool {
        self.is_help_open
    }

    /// Returns `true` if the study was asked to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stage == Stage::Stopping
    }

    /// Returns `true` if this process runs the study.
    pub(super) fn is_owner(&self) -> bool {
        self.is_owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tui::testing::{ended, under_way};

    const AREA: Rect = Rect::new(0, 0, 80, 24);

    fn press(screen: &mut Screen, code: KeyCode) -> Option<Action> {
        screen.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn interrupt(screen: &mut Screen) -> Option<Action> {
        screen.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL))
    }

    /// The actions that these keys return.
    fn type_in(screen: &mut Screen, keys: &str) -> Vec<Option<Action>> {
        keys.chars().map(|key| press(screen, KeyCode::Char(key))).collect()
    }

    #[test]
    fn a_study_stops_only_when_the_question_is_answered_with_yes() {
        let mut screen = Screen::new(false);
        assert_eq!(
            type_in(&mut screen, "snsxy"),
            [None, None, None, None, Some(Action::Stop)]
        );
        assert!(screen.is_stopping());
        assert_eq!(screen.notice(), Some(Notice::Stopping));
    }

    #[test]
    fn a_second_interrupt_is_the_answer() {
        let mut screen = Screen::new(true);
        assert_eq!(interrupt(&mut screen), None);
        assert_eq!(screen.question(), Some(Question::Stop));
        assert_eq!(interrupt(&mut screen), Some(Action::Stop));
        // Asking again sends the action again.
        interrupt(&mut screen);
        assert_eq!(interrupt(&mut screen), Some(Action::Stop));
    }

    #[test]
    fn an_interrupt_after_another_question_asks_first() {
        let mut screen = Screen::new(true);
        press(&mut screen, KeyCode::Char('q'));
        assert_eq!(interrupt(&mut screen), None);
        assert_eq!(screen.question(), Some(Question::Stop));
    }

    #[test]
    fn who_runs_the_study_is_asked_before_the_view_is_left() {
        assert_eq!(type_in(&mut Screen::new(false), "q"), [Some(Action::Quit)]);
        let mut owner = Screen::new(true);
        assert_eq!(press(&mut owner, KeyCode::Esc), None);
        assert_eq!(owner.question(), Some(Question::Quit));
        assert_eq!(press(&mut owner, KeyCode::Char('y')), Some(Action::Quit));
    }

    #[test]
    fn an_ended_study_can_be_left_but_neither_stopped_nor_held() {
        let mut screen = Screen::new(true);
        screen.see(&ended(), AREA);
        assert_eq!(type_in(&mut screen, "spq"), [None, None, Some(Action::Quit)]);
        assert_eq!(interrupt(&mut screen), Some(Action::Quit));
    }

    #[test]
    fn hold_asks_for_the_opposite_of_what_is() {
        let mut screen = Screen::new(false);
        let mut view = under_way(8);
        screen.see(&view, AREA);
        assert_eq!(type_in(&mut screen, "p"), [Some(Action::Hold(true))]);
        view.is_held = true;
        screen.see(&view, AREA);
        assert_eq!(type_in(&mut screen, "p"), [Some(Action::Hold(false))]);
    }

    #[test]
    fn panels_are_chosen_by_number_and_one_after_the_other() {
        let mut screen = Screen::new(false);
        let mut panels = Vec::new();
        for code in [
            KeyCode::Char('4'),
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Left,
            KeyCode::Char('2'),
        ] {
            press(&mut screen, code);
            panels.push(screen.panel());
        }
        assert_eq!(
            panels,
            [
                Panel::Events,
                Panel::Incumbent,
                Panel::Events,
                Panel::Curves,
                Panel::Trials
            ]
        );
    }

    #[test]
    fn a_key_that_is_let_go_does_nothing() {
        let key = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Screen::new(false).key(key), None);
    }
}
