//! Effects of the parameters on the results: importance, dependence and pairs.

use super::types::TRUSTED_FROM;
use super::{ContourView, DependenceView, ImportanceView, PairView, ShareView};
use crate::analysis::{Contour, Curve, Focus, Landscape};
use crate::space::{Configuration, Value};
use crate::study::Study;
use crate::trials::Status;
use crate::units::Goal;

/// Contours are drawn for all pairs of this number of most important parameters.
const PAIRED: usize = 4;

/// Effects of the parameters; empty while too few trials have a result.
#[derive(Clone, Debug, Default)]
pub struct Learnt {
    /// Importance of the parameters.
    pub importance: Option<ImportanceView>,
    /// Effect of each parameter alone.
    pub dependences: Vec<DependenceView>,
    /// Joint effect of the most important pairs.
    pub contours: Vec<ContourView>,
}

impl Learnt {
    /// Learns from all results of a study's search. A trial counts with its best result, however far it was trained; a
    /// failed trial counts as the worst.
    pub fn new(study: &Study, focus: Focus) -> Self {
        let settings = study.settings();
        let results = study.searched().filter_map(|trial| {
            let loss = match study.standing(trial.id) {
                Status::Failed => f64::INFINITY,
                _ => study.best_observation(trial.id)?.loss.get(),
            };
            Some((trial.point.as_slice(), loss))
        });
        let results: Vec<(&[Option<f64>], f64)> = results.collect();
        let trials = results.len();
        let Some(landscape) = Landscape::learn(&settings.space, results, focus, settings.seed) else {
            return Self::default();
        };
        let importance = landscape.importance();
        let name = |parameter: usize| settings.space.parameters()[parameter].name.clone();
        let most: Vec<usize> = importance
            .effects
            .iter()
            .take(PAIRED)
            .map(|effect| effect.parameter)
            .collect();
        let pairs = most
            .iter()
            .enumerate()
            .flat_map(|(index, &first)| most[index + 1..].iter().map(move |&second| (first, second)));
        let contours = pairs.filter_map(|(first, second)| landscape.contour(first, second));
        let curves = (0..settings.space.parameters().len()).filter_map(|parameter| landscape.dependence(parameter));
        Self {
            dependences: curves.map(|curve| dependence(study, &curve)).collect(),
            contours: contours.map(|found| contour(study, &found)).collect(),
            importance: Some(ImportanceView {
                trials,
                explained: landscape.explained(),
                trusted_from: TRUSTED_FROM,
                parameters: importance
                    .effects
                    .iter()
                    .map(|effect| ShareView {
                        parameter: name(effect.parameter),
                        share: effect.share.mean,
                        deviation: effect.share.deviation,
                    })
                    .collect(),
                pairs: importance
                    .interactions
                    .iter()
                    .map(|interaction| PairView {
                        first: name(interaction.parameters[0]),
                        second: name(interaction.parameters[1]),
                        share: interaction.share.mean,
                    })
                    .collect(),
            }),
        }
    }
}

/// Converts a loss of the model to a value of the metric.
fn metric(study: &Study, loss: f64) -> f64 {
    study.settings().goal.value(Goal::Minimize.loss(loss))
}

fn value(study: &Study, parameter: usize, position: f64) -> Value {
    study.settings().space.parameters()[parameter].domain.decode(position)
}

fn dependence(study: &Study, curve: &Curve) -> DependenceView {
    let points = curve.levels.iter().map(|level| {
        let value = value(study, curve.parameter, level.position);
        (value, metric(study, level.loss.mean), level.loss.deviation)
    });
    DependenceView {
        parameter: study.settings().space.parameters()[curve.parameter].name.clone(),
        points: points.collect(),
    }
}

/// Returns `true` if no condition makes one of the two parameters inactive for these values.
fn are_together(study: &Study, values: [(usize, f64); 2]) -> bool {
    let parameters = study.settings().space.parameters();
    let known =
        values.map(|(parameter, position)| (parameters[parameter].name.as_str(), value(study, parameter, position)));
    let known: Configuration = known.into_iter().collect();
    let conditions = values.map(|(parameter, _)| parameters[parameter].condition.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.all(|condition| condition.evaluate(&known) != Some(false))
}

fn contour(study: &Study, contour: &Contour) -> ContourView {
    let [first, second] = contour.parameters;
    let name = |parameter: usize| study.settings().space.parameters()[parameter].name.clone();
    let values = |parameter: usize, positions: &[f64]| -> Vec<Value> {
        positions
            .iter()
            .map(|&position| value(study, parameter, position))
            .collect()
    };
    let expected = |row: usize| {
        let columns = contour.losses.iter().zip(&contour.positions[0]);
        let expected = columns.map(|(column, &position)| {
            let loss = column.get(row).copied().flatten()?;
            let values = [(first, position), (second, contour.positions[1][row])];
            are_together(study, values).then(|| metric(study, loss.mean))
        });
        expected.collect()
    };
    ContourView {
        first: name(first),
        second: name(second),
        first_values: values(first, &contour.positions[0]),
        second_values: values(second, &contour.positions[1]),
        expected: (0..contour.positions[1].len()).map(expected).collect(),
    }
}
