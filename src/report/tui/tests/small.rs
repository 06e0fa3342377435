//! A small terminal shows the most important things.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use crate::report::tui::testing::{empty, ended, event, lines, slot, under_way};
use crate::space::Value;

use super::{after, seen};

#[test]
fn a_study_under_way_on_a_small_terminal() {
    insta::assert_snapshot!(seen("", 80, 24, &under_way(23)), @r"
    movie-sentiment  running                                      about 17m 56s left
    best accuracy 0.8752 in trial 20: learning_rate 0.00021, batch_size 8, …
    time ━━━━━━━──────────── 12:03 of 30:00   trials ━━━━━━━──────────── 23 of 60
    ── Slots: 2 of 3 train ─────────────────────────────────────────────────────────
    cpu 0  trial 21  ━━━─────  0.81 of 0.44→1.3  0.7900  loss 0.41  ▁▆▆██  busy 97 %
    cpu 1  trial 22  ━━━━━───   1.1 of 0.44→1.3  0.7900  loss 0.41  ▁▄▃▇█  busy 93 %
    cpu 2  waits                                                            busy 0 %
    ── 1 Best accuracy over time ─────────────────  ── Rungs ───────────────────────
        │╌ target ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  epochs  reached  wait  promoted
        │                                    ⡤⠤⠤⠤⠤    0.44       21     8         9
    0.8 ┤          ⡤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠇         1.3        9     4         4
        │    ⡤⠤⠤⠤⠤⠤⠇                                     4        4     0         0
        │    ⡇
    0.6 ┤ ⢸⠉⠉⠁
        │ ⢸
        │ ⢸
    0.4 ┤⠠⠼
        └┴────────────────┴───────────────┴───────
        0:00            5:00            10:00 time
    ── 4 Events ────────────────────────────────────────────────────────────────────
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930
     1 best  2 trials  3 curves  4 events             p hold  s stop  q quit  ? help
    ");
}

#[test]
fn all_trials_on_a_small_terminal() {
    insta::assert_snapshot!(seen("2jj", 80, 24, &under_way(23)), @r"
    movie-sentiment  running                                      about 17m 56s left
    best accuracy 0.8752 in trial 20: learning_rate 0.00021, batch_size 8, …
    time ━━━━━━━──────────── 12:03 of 30:00   trials ━━━━━━━──────────── 23 of 60
    ── Slots: 2 of 3 train ─────────────────────────────────────────────────────────
    cpu 0  trial 21  ━━━─────  0.81 of 0.44→1.3  0.7900  loss 0.41  ▁▆▆██  busy 97 %
    cpu 1  trial 22  ━━━━━───   1.1 of 0.44→1.3  0.7900  loss 0.41  ▁▄▃▇█  busy 93 %
    cpu 2  waits                                                            busy 0 %
    ── 2 Trials 3 to 12 of 23, the best first ──────────────────────────────────────
     #  trial  status     accuracy  epochs  origin   learning_rate  batch_size
     3      2  paused       0.8010     1.3  default           3e-5  32
     4     15  completed    0.7807       4  sobol          0.00016  64
     5     22  running      0.7687     1.3  tpe            0.00023  32
     6      6  paused       0.7181     1.3  sobol             7e-5  32
     7     10  completed    0.6862       4  tpe            0.00011  32
     8     17  paused       0.6813     1.3  default        0.00018  16
     9     13  pruned       0.6696    0.44  tpe            0.00014  16
    10      4  pruned       0.6656    0.44  tpe               5e-5  8
    11      1  paused       0.6306     1.3  tpe               2e-5  16
    12     21  running      0.5984     1.3  sobol          0.00022  16
    ── 4 Events ────────────────────────────────────────────────────────────────────
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930
     1 best  2 trials  3 curves  4 events             p hold  s stop  q quit  ? help
    ");
}

#[test]
fn learning_curves_on_a_small_terminal() {
    insta::assert_snapshot!(seen("3", 80, 24, &under_way(23)), @r"
    movie-sentiment  running                                      about 17m 56s left
    best accuracy 0.8752 in trial 20: learning_rate 0.00021, batch_size 8, …
    time ━━━━━━━──────────── 12:03 of 30:00   trials ━━━━━━━──────────── 23 of 60
    ── Slots: 2 of 3 train ─────────────────────────────────────────────────────────
    cpu 0  trial 21  ━━━─────  0.81 of 0.44→1.3  0.7900  loss 0.41  ▁▆▆██  busy 97 %
    cpu 1  trial 22  ━━━━━───   1.1 of 0.44→1.3  0.7900  loss 0.41  ▁▄▃▇█  busy 93 %
    cpu 2  waits                                                            busy 0 %
    ── 3 Learning curves, accuracy: best and run…   ── Rungs ───────────────────────
        │                     ⢀⣀⣀⣀⣀⡠⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤•20  epochs  reached  wait  promoted
        │         21…⣀•11⠒⠒⠉⠉⠉⠁                       0.44       21     8         9
    0.8 ┤       ⣔•22…⠉•2      ⢀⣀⣀⣀⣀⡠⠤⠤⠤⠤⠤⠤⠔⠒⠒⠒⠒•15     1.3        9     4         4
        │    ⣠⡴⡞⠋⠁ ⢀⣀⠤⠤⠔⠒⠒⠊⠉⠉⠉⠁                          4        4     0         0
        │  ⡠⢺⢻⠙⢀⡠⠔⠊⠁
        │  ⠔⣁⠗⠊⠁
    0.6 ┤  ⠊⡜
        │  ⢰⠁
        │  ⠃
        └┴──────────────────┴─────────────────────
         0                  2               epochs
    ── 4 Events ────────────────────────────────────────────────────────────────────
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930
     1 best  2 trials  3 curves  4 events             p hold  s stop  q quit  ? help
    ");
}

#[test]
fn events_on_a_small_terminal_while_a_question_is_open() {
    insta::assert_snapshot!(seen("4s", 80, 24, &under_way(23)), @r"
    movie-sentiment  running                                      about 17m 56s left
    best accuracy 0.8752 in trial 20: learning_rate 0.00021, batch_size 8, …
    time ━━━━━━━──────────── 12:03 of 30:00   trials ━━━━━━━──────────── 23 of 60
    ── Slots: 2 of 3 train ─────────────────────────────────────────────────────────
    cpu 0  trial 21  ━━━─────  0.81 of 0.44→1.3  0.7900  loss 0.41  ▁▆▆██  busy 97 %
    cpu 1  trial 22  ━━━━━───   1.1 of 0.44→1.3  0.7900  loss 0.41  ▁▄▃▇█  busy 93 %
    cpu 2  waits                                                            busy 0 %
    ── 4 Events ────────────────────────────────────────────────────────────────────
     0:00   started on 3 slots (3 × cpu), 1 thread each
     0:12 + trial 0 is the best so far: accuracy 0.4031 after 0.44 epochs
     6:42 + trial 11 is the best so far: accuracy 0.8056 after 1.3 epochs
     8:33 ! trial 9 failed (diverged): the training loss is not a number at step
            112, learning_rate 0.0094
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930







     stop the study? what is trained is kept, and it can be resumed  y / n
    ");
}

#[test]
fn an_ended_study_on_a_small_terminal() {
    insta::assert_snapshot!(seen("", 80, 24, &ended()), @r"
    movie-sentiment  ended: the wall budget is spent
    best accuracy 0.8752 in trial 20: learning_rate 0.00021, batch_size 8, …
    time ━━━━━━━━━━━━━━━━━━━ 30:00 of 30:00   trials ━━━━━━━──────────── 23 of 60
    ── 1 Best accuracy over time ─────────────────  ── Rungs ───────────────────────
        │╌ target ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  epochs  reached  wait  promoted
        │                                             0.44       21     8         9
        │              ⢰⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒     1.3        9     4         4
    0.8 ┤    ⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸                                 4        4     0         0
        │    ⡇
        │ ⢸⠉⠉⠁
        │ ⢸
        │⢠⠼
    0.6 ┤⢸
        │⢸
        │⢸
        │⢸
    0.4 ┤⠘
        └┴────────────┴─────────────┴─────────────
        0:00        10:00         20:00       time
    ── 4 Events ────────────────────────────────────────────────────────────────────
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930
    30:00   ended: the wall budget is spent
     1 best  2 trials  3 curves  4 events                  ↑↓ scroll  q quit  ? help
    ");
}

#[test]
fn an_empty_study_on_a_small_terminal() {
    insta::assert_snapshot!(seen("", 80, 24, &empty()), @r"
    movie-sentiment  running
    no accuracy yet
    time ──────────────────── 0:00 of 30:00   trials ──────────────────── 0 of 60
    ── 1 Best accuracy over time ─────────────────  ── Rungs ───────────────────────
    no result yet                                   epochs  reached  wait  promoted
                                                      0.44        0     0         0
                                                       1.3        0     0         0
                                                         4        0     0         0











    ── 4 Events ────────────────────────────────────────────────────────────────────
    nothing happened yet


     1 best  2 trials  3 curves  4 events             p hold  s stop  q quit  ? help
    ");
}

#[test]
fn the_least_terminal_shows_what_matters() {
    insta::assert_snapshot!(seen("", 40, 10, &under_way(23)), @r"
    movie-sentiment  running
    best accuracy 0.8752 in trial 20: learn…
    time 12:03 of 30:00   trials 23 of 60
    ── Slots: 2 of 3 train ─────────────────
    cpu 0  trial 21  ━━━─────
    ── 1 Best accuracy over time ───────────
    0.5 ┤⢀⡤⠤⠴⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒
        └┴─────────────┴────────────────────
        0:00         5:00               time
           s stop  Tab panel  q quit  ? help
    ");
    insta::assert_snapshot!(seen("", 39, 10, &under_way(23)), @r"
    too small: 40 × 10 at least
    ");
}

#[test]
fn the_keys_are_explained() {
    insta::assert_snapshot!(seen("?", 80, 24, &empty()), @r"
    movie-sentiment  running
    no accuracy yet
    time ──────────────────── 0:00 of 30:00   trials ──────────────────── 0 of 60
    ── 1 Best accuracy over time ─────────────────  ── Rungs ───────────────────────
    no result yet                                   epochs  reached  wait  promoted
                                                      0.44        0     0         0
        ┌──────────────────────────────────────────────────────────────────────┐  0
        │ 1 2 3 4        best value, trials, learning curves, events           │  0
        │ Tab ← →        the next of these, or the one before                  │
        │ ↑ ↓ PgUp PgDn  scroll; Home and End: to either end                   │
        │ p              hold: start nothing new; again: continue              │
        │ s, Ctrl-C      stop the study; it can be resumed                     │
        │ q, Esc         leave the view; the study continues, with plain lines │
        │ 17…            beside a curve: trial 17, still running               │
        │ *              beside a rank: no trial beats it in every metric      │
        │ + !            in events: an improvement, trouble                    │
        │ any key closes this                                                  │
        └──────────────────────────────────────────────────────────────────────┘

    ── 4 Events ────────────────────────────────────────────────────────────────────
    nothing happened yet


     1 best  2 trials  3 curves  4 events             p hold  s stop  q quit  ? help
    ");
}

#[test]
fn a_held_study_says_so_and_wide_names_stay_in_their_columns() {
    let mut view = under_way(8);
    view.is_held = true;
    view.name = "映画レビューの感情分析".repeat(6);
    view.trials[0]
        .params
        .insert("scheduler".into(), Value::Text("余弦のスケジュール余弦".into()));
    insta::assert_snapshot!(seen("2", 160, 20, &view), @r"
    映画レビューの感情分析映画レビューの感情分析映画レビューの感情分析映画レビューの感情分析映画レビューの感情…   held: nothing new is started    about 17m 56s left
    best accuracy 0.8010 (target 0.9500 not met) in trial 2: learning_rate 3e-5, batch_size 32, dropout 0.1, freeze_depth 2, scheduler linear
    time ━━━━━━━━━━━━━━─────────────────────── 12:03 of 30:00   trials ━━━━───────────────────────────────── 8 of 60   2 running, 2 paused, 2 completed, 2 pruned
    ── Slots: 2 of 3 train ───────────────────────────────────────────────────────────────────────────────────────────────────────  ── Rungs ───────────────────────
    cpu 0  trial 6  ━━━━━─────────  epoch 0.81 of 0.44→1.3  0.7900  train loss 0.41  ▁▅▄▇█  busy 97 %                               epochs  reached  wait  promoted
    cpu 1  trial 7  ━━━━━━━━━─────  epoch  1.1 of 0.44→1.3  0.7900  train loss 0.41  ▁▇▆██  busy 93 %                                  1.3        9     4         4
    cpu 2  waits                                                                             busy 0 %                                    4        4     0         0
    ── 2 Trials 1 to 6 of 8, the best first ────────────────────────────────────────────────────────  ── 1 Best accuracy over time ─────────────────────────────────
    #  trial  status     accuracy  epochs  origin   learning_rate  batch_size  dropout  freeze_depth      │╌ target ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌⣀⣀⣀⣀⣀⣀⣀
    1      2  paused       0.8010     1.3  default           3e-5  32              0.1             2      │              ⡤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠴⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠃
    2      6  running      0.7181     1.3  sobol             7e-5  32                0             0      │  ⣀⣀⣀⣸⠉⠉⠉⠉⠉⠉⠉⠉⠁
    3      4  pruned       0.6656    0.44  tpe               5e-5  8               0.2             4  0.5 ┤  ⡇
    4      1  paused       0.6306     1.3  tpe               2e-5  16             0.05             1      │ ⠤⠇
    5      5  completed    0.5917       4  default           6e-5  16             0.25             5      └┴──────────────────────┴──────────────────────┴──────────
    6      3  pruned       0.5163    0.44  sobol             4e-5  64             0.15             3      0:00                  5:00                   10:00    time
    ── 4 Events ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    10:40 + trial 20 is the best so far: accuracy 0.8752 after 4 epochs
    11:40   trial 21 waits at 0.44 epochs: accuracy 0.7710
    12:02   trial 8 pruned at 0.44 epochs: accuracy 0.5930
     1 best  2 trials  3 curves  4 events                                                                              ↑↓ scroll  p continue  s stop  q quit  ? help
    ");
}

#[test]
fn all_slots_that_have_no_room_are_counted() {
    let mut view = under_way(8);
    view.slots = (0..12)
        .map(|index| slot(index, (index < 6).then_some(index as u32), 0.5))
        .collect();
    let text = seen("", 80, 24, &view);
    assert!(text.contains("and 9 slots more, 3 training"), "{text}");
}

#[test]
fn the_oldest_events_are_the_first_lines() {
    let mut view = under_way(8);
    view.events = (0..30)
        .map(|index| event(f64::from(index), "news", &format!("event {index} ")))
        .collect();
    let mut screen = after("4", 80, 24, &view);
    screen.key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE));
    screen.see(&view, Rect::new(0, 0, 80, 24));
    let text = lines(80, 24, &view, &screen);
    let events: Vec<&str> = text.lines().skip(8).take(15).collect();
    assert!(
        events[0].ends_with("event 0") && events[14].ends_with("event 14"),
        "{text}"
    );
}
