//! The data doctor for files of pictures: those that cannot be used, copies, classes and sizes.

use serde::Serialize;

use super::super::error::DataError;
use super::super::labels::Label;
use super::super::pictures::{OnBadImage, PictureCache, PictureOptions, Seen, look};
use super::finding::{Concern, Finding, Severity};
use super::overview::quantile;
use super::rows::{Names, Part, Row, Rows, Target};
use super::{Depth, Examination, checks, overview};
use crate::data::LabelKind;
use crate::tasks::TaskKind;

/// Rows that a finding lists in a quick examination.
const FEW: usize = 3;

/// The sizes of pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PictureSizes {
    /// Number of pictures that can be decoded.
    pub pictures: usize,
    /// Rows of pixels: the fewest, the median and the most.
    pub heights: [usize; 3],
    /// Pixels in a row: the fewest, the median and the most.
    pub widths: [usize; 3],
}

/// Examines pictures with their labels. A quick examination decodes none.
///
/// # Errors
/// If there are no pictures, or a label cannot be used.
pub fn examine_pictures(
    mut options: PictureOptions,
    cache: Option<&PictureCache>,
    depth: Depth,
) -> Result<Examination, DataError> {
    let parts = look(&mut options, cache, depth == Depth::Full)?;
    let task = match options.table.labels {
        LabelKind::Class => TaskKind::Classification,
        LabelKind::Several { .. } => TaskKind::MultiLabel,
        LabelKind::Number => TaskKind::Regression,
    };
    let mut rows = Rows {
        task,
        parts: Vec::new(),
        all: Vec::new(),
        names: Names::default(),
        damaged: Vec::new(),
        columns: Vec::new(),
        most_shown: match depth {
            Depth::Quick => FEW,
            Depth::Full => usize::MAX,
        },
    };
    let (mut bad, mut leading_out, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for (name, seen) in parts {
        let start = rows.all.len();
        for picture in seen {
            let row = row(&picture, &mut rows.names);
            let concern = |note: String| Concern::new(&picture.place, "", String::new(), note);
            if picture.leads_out {
                leading_out.push(concern(String::new()));
            }
            match &picture.size {
                Some(Err(problem)) => bad.push(concern(problem.to_string())),
                Some(Ok(size)) => {
                    sizes.push(*size);
                    rows.all.push(row);
                }
                None => rows.all.push(row),
            }
        }
        rows.parts.push(Part {
            name,
            rows: start..rows.all.len(),
        });
    }
    let mut findings: Vec<Finding> = checks::OF_IMAGES
        .iter()
        .flat_map(|check| check(&rows, Depth::Quick))
        .collect();
    findings.extend(unusable(bad, options.on_bad));
    findings.extend(links(leading_out));
    findings.sort_by_key(|finding| finding.severity);
    Ok(Examination {
        task,
        parts: overview::parts(&rows),
        classes: overview::classes(&rows),
        numbers: overview::numbers(&rows, &options.table.label),
        lengths: None,
        sizes: of_sizes(&sizes),
        findings,
    })
}

fn row(picture: &Seen, names: &mut Names) -> Row {
    Row {
        place: picture.place.clone(),
        first: picture.identity.clone(),
        second: None,
        target: match &picture.label {
            Label::None => Target::Missing,
            Label::Class(class) => Target::Class(names.number(class)),
            Label::Several(labels) => Target::Several(labels.iter().map(|label| names.number(label)).collect()),
            Label::Numbers(numbers) => Target::Numbers(numbers.clone()),
        },
    }
}

fn of_sizes(sizes: &[[usize; 2]]) -> Option<PictureSizes> {
    let of = |side: usize| {
        let mut lengths: Vec<usize> = sizes.iter().map(|size| size[side]).collect();
        lengths.sort_unstable();
        [0.0, 0.5, 1.0].map(|share| quantile(&lengths, share))
    };
    (!sizes.is_empty()).then(|| PictureSizes {
        pictures: sizes.len(),
        heights: of(0),
        widths: of(1),
    })
}

fn unusable(bad: Vec<Concern>, on_bad: OnBadImage) -> Option<Finding> {
    let (severity, what, advice) = match on_bad {
        OnBadImage::Error => (
            Severity::Error,
            "cannot be used",
            "repair or remove them, or leave them out with `on_bad_image: skip` in `data`",
        ),
        OnBadImage::Skip => (
            Severity::Warning,
            "cannot be used and are left out",
            "repair them if you need them",
        ),
    };
    let count = bad.len();
    let message = match count {
        0 => return None,
        1 => format!("1 picture {}", what.replace("are left", "is left")),
        count => format!("{count} pictures {what}"),
    };
    let mut finding = Finding::new("bad_images", severity, count, message, advice);
    finding.rows = bad;
    Some(finding)
}

fn links(leading_out: Vec<Concern>) -> Option<Finding> {
    let count = leading_out.len();
    let message = match count {
        0 => return None,
        1 => "1 picture is a link to a file outside of the folder".to_owned(),
        count => format!("{count} pictures are links to files outside of the folder"),
    };
    let advice = "copy the files if the folder should be complete without the others";
    let mut finding = Finding::new("links", Severity::Note, count, message, advice);
    finding.rows = leading_out;
    Some(finding)
}
