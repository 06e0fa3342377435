//! Example views of studies for tests.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::report::view::{
    EventView, ImprovementView, MetricView, ParameterView, RungView, RunningView, SlotView, StudyView, TrialView,
};
use crate::report::{State, TrialStatus};
use crate::space::Value;
use crate::study::EndReason;

use super::{Screen, draw};

/// The screen of a terminal of this size.
pub(super) fn drawn(width: u16, height: u16, view: &StudyView, screen: &Screen, is_coloured: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view, screen, is_coloured)).unwrap();
    terminal.backend().buffer().clone()
}

/// The same screen as lines of text without style.
pub(super) fn lines(width: u16, height: u16, view: &StudyView, screen: &Screen) -> String {
    let buffer = drawn(width, height, view, screen, true);
    let rows = (0..height).map(|y| {
        let mut row = String::new();
        let mut x = 0;
        while x < width {
            let sign = buffer[(x, y)].symbol();
            row.push_str(sign);
            // A wide character covers the next cell too.
            x += super::text::width(sign).max(1) as u16;
        }
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// A study of which only the spec is known.
pub(super) fn empty() -> StudyView {
    StudyView {
        name: "movie-sentiment".into(),
        folder: "results/movie-sentiment".into(),
        state: State::Running,
        reason: None,
        facts: Vec::new(),
        metrics: vec![MetricView {
            name: "accuracy".into(),
            goal: "maximize",
            target: Some(0.95),
        }],
        has_front: false,
        elapsed: 0.0,
        wall: Some(1800.0),
        max_trials: Some(60),
        max_epochs: 4.0,
        has_epochs: true,
        rungs: [0.44, 1.33, 4.0].map(rung).into(),
        parameters: vec![
            parameter("learning_rate", "number"),
            parameter("batch_size", "choice"),
            parameter("dropout", "number"),
            parameter("freeze_depth", "number"),
            parameter("scheduler", "choice"),
        ],
        trials: Vec::new(),
        best: None,
        unfulfilled: None,
        incumbent: Vec::new(),
        segments: Vec::new(),
        slots: Vec::new(),
        queue: None,
        is_held: false,
        seconds_left: None,
        events: Vec::new(),
        summary: Vec::new(),
        importance: None,
        dependences: Vec::new(),
        contours: Vec::new(),
        audit: None,
        selection: None,
        confusion: None,
        label_errors: None,
    }
}

/// A study with `count` trials. The last two run, and a third slot is idle.
pub(super) fn under_way(count: u32) -> StudyView {
    let mut view = empty();
    view.elapsed = 723.4;
    view.seconds_left = Some(1076.0);
    view.trials = (0..count).map(trial).collect();
    rank(&mut view);
    let running = count.saturating_sub(2)..count;
    for number in running.clone() {
        let trial = &mut view.trials[number as usize];
        (trial.status, trial.stop_reason) = (TrialStatus::Running, String::new());
        trial.curve.truncate(1);
    }
    view.slots = vec![
        slot(0, running.clone().next(), 0.97),
        slot(1, running.clone().nth(1), 0.93),
        slot(2, None, 0.0),
    ];
    view.rungs = vec![
        RungView {
            epochs: 0.44,
            reached: 21,
            paused: 8,
            promoted: 9,
        },
        RungView {
            epochs: 1.33,
            reached: 9,
            paused: 4,
            promoted: 4,
        },
        RungView {
            epochs: 4.0,
            reached: 4,
            paused: 0,
            promoted: 0,
        },
    ];
    view.incumbent = [
        (0, 12.0, 0.4031),
        (1, 25.0, 0.6306),
        (2, 71.0, 0.7402),
        (2, 180.0, 0.801),
        (11, 402.0, 0.8056),
        (20, 640.0, 0.8752),
    ]
    .into_iter()
    .map(|(trial, seconds, value)| ImprovementView {
        trial,
        value,
        seconds,
        epochs: seconds / 20.0,
        hypervolume: None,
    })
    .collect();
    view.events = vec![
        event(0.0, "news", "started on 3 slots (3 × cpu), 1 thread each"),
        event(
            12.0,
            "improvement",
            "trial 0 is the best so far: accuracy 0.4031 after 0.44 epochs",
        ),
        event(
            402.0,
            "improvement",
            "trial 11 is the best so far: accuracy 0.8056 after 1.3 epochs",
        ),
        event(
            513.0,
            "trouble",
            "trial 9 failed (diverged): the training loss is not a number at step 112, learning_rate 0.0094",
        ),
        event(
            640.0,
            "improvement",
            "trial 20 is the best so far: accuracy 0.8752 after 4 epochs",
        ),
        event(700.0, "news", "trial 21 waits at 0.44 epochs: accuracy 0.7710"),
        event(722.0, "news", "trial 8 pruned at 0.44 epochs: accuracy 0.5930"),
    ];
    view
}

/// The same study after its end.
pub(super) fn ended() -> StudyView {
    let mut view = under_way(23);
    view.state = State::Ended;
    view.reason = Some(EndReason::Wall);
    view.elapsed = 1800.0;
    view.seconds_left = None;
    view.slots.clear();
    for trial in &mut view.trials {
        if trial.status != TrialStatus::Failed && trial.status != TrialStatus::Completed {
            (trial.status, trial.stop_reason) = (TrialStatus::Pruned, "wall".into());
        }
    }
    view.events
        .push(event(1800.0, "news", "ended: the wall budget is spent"));
    view
}

/// A trial; one in ten fails, one in five completes.
pub(super) fn trial(number: u32) -> TrialView {
    let quality = 0.5 + f64::from(number * 37 % 83) / 200.0;
    let is_failed = number % 10 == 9;
    let (status, epochs) = match number % 5 {
        _ if is_failed => (TrialStatus::Failed, 0.44),
        0 => (TrialStatus::Completed, 4.0),
        1 | 2 => (TrialStatus::Paused, 1.33),
        _ => (TrialStatus::Pruned, 0.44),
    };
    let levels = [0.22, 0.44, 0.89, 1.33, 2.0, 3.0, 4.0]
        .into_iter()
        .filter(|level| *level <= epochs);
    let curve: Vec<(f64, f64)> = levels
        .map(|level| (level, quality * (1.0 - 0.3 * f64::exp(-level))))
        .collect();
    TrialView {
        trial: number,
        rank: None,
        status,
        value: curve.last().map(|(_, value)| *value).filter(|_| !is_failed),
        metrics: [("accuracy".to_owned(), quality)].into(),
        best_epoch: Some(epochs),
        epochs,
        rung: 1,
        stop_reason: match status {
            TrialStatus::Failed => "diverged".into(),
            TrialStatus::Completed => "max_epochs".into(),
            TrialStatus::Pruned => "asha".into(),
            _ => String::new(),
        },
        failure: is_failed.then(|| "the training loss is not a number".into()),
        origin: ["sobol", "tpe", "default"][number as usize % 3].into(),
        parent: None,
        repeats: None,
        config_hash: "0123456789abcdef".into(),
        is_on_front: false,
        params: [
            ("learning_rate".to_owned(), Value::Float(1e-5 * f64::from(number + 1))),
            ("batch_size".to_owned(), Value::Int(8 << (number % 4))),
            ("dropout".to_owned(), Value::Float(f64::from(number % 6) * 0.05)),
            ("freeze_depth".to_owned(), Value::Int(i64::from(number % 6))),
            ("scheduler".to_owned(), Value::Text("linear".into())),
        ]
        .into(),
        curve,
        trainable_parameters: Some(22_700_000),
        train_seconds: 30.0,
        wall_seconds: 34.0,
        peak_memory_mb: 812.0,
        device: "cpu".into(),
    }
}

/// An event.
pub(super) fn event(seconds: f64, kind: &'static str, text: &str) -> EventView {
    EventView {
        seconds,
        kind,
        text: text.into(),
    }
}

/// A parameter.
pub(super) fn parameter(name: &str, kind: &'static str) -> ParameterView {
    ParameterView {
        name: name.into(),
        kind,
        is_log: false,
        bounds: None,
        values: Vec::new(),
        is_conditional: false,
        is_constant: false,
    }
}

/// A slot with the trial that it runs.
pub(super) fn slot(slot: usize, trial: Option<u32>, busy: f64) -> SlotView {
    SlotView {
        slot,
        device: "cpu".into(),
        node: None,
        job: None,
        running: trial.map(|trial| RunningView {
            trial,
            levels: (0.44, 1.33),
            at: 0.81 + slot as f64 / 4.0,
            train_loss: Some(0.412),
            curve: vec![(0.5, 0.71), (0.6, 0.69), (0.7, 0.755), (0.8, 0.79)],
            begin: 700.0,
        }),
        busy,
    }
}

fn rung(epochs: f64) -> RungView {
    RungView {
        epochs,
        reached: 0,
        paused: 0,
        promoted: 0,
    }
}

fn rank(view: &mut StudyView) {
    let mut order: Vec<(u32, f64)> = view
        .trials
        .iter()
        .filter_map(|trial| Some((trial.trial, trial.value?)))
        .collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1));
    for (index, (number, _)) in order.iter().enumerate() {
        view.trials[*number as usize].rank = Some(index + 1);
    }
    view.best = order.first().map(|(number, _)| *number);
}
