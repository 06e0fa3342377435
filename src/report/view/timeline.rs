//! Rows for the timeline: the segments of a device are placed in as few rows as possible without overlap.

use super::SegmentView;

/// Overlaps up to this many seconds are ignored, since starts and ends are recorded with a delay.
const SLACK: f64 = 0.05;

/// Sorts the segments by start, and puts each in the first free row of its device. Rows of a device are adjacent.
pub(super) fn arrange(segments: &mut [SegmentView]) {
    segments.sort_by(|one, other| (one.begin.total_cmp(&other.begin)).then(one.trial.cmp(&other.trial)));
    let mut devices: Vec<String> = segments.iter().map(|segment| segment.device.clone()).collect();
    devices.sort();
    devices.dedup();
    let mut first = 0;
    for device in devices {
        // Time from which each row of the device is free.
        let mut free: Vec<f64> = Vec::new();
        for segment in segments.iter_mut().filter(|segment| segment.device == device) {
            let row = free.iter().position(|end| *end <= segment.begin + SLACK);
            let row = row.unwrap_or_else(|| {
                free.push(0.0);
                free.len() - 1
            });
            free[row] = segment.end.unwrap_or(f64::INFINITY);
            segment.slot = first + row;
        }
        first += free.len();
    }
}

#[cfg(test)]
mod tests {
    use super::super::SegmentOutcome;
    use super::*;

    fn segment(device: &str, begin: f64, end: Option<f64>) -> SegmentView {
        SegmentView {
            trial: 0,
            slot: 0,
            device: device.to_owned(),
            begin,
            end,
            levels: (0.0, 1.0),
            outcome: SegmentOutcome::Reached,
        }
    }

    #[test]
    fn segments_of_one_row_never_overlap_and_rows_of_a_device_are_neighbours() {
        let mut segments = vec![
            segment("cuda:0", 0.0, Some(4.0)),
            segment("cpu", 0.0, Some(2.0)),
            segment("cpu", 1.0, Some(5.0)),
            segment("cpu", 2.01, None),
            segment("cuda:0", 4.0, Some(5.0)),
        ];
        arrange(&mut segments);
        let rows: Vec<(&str, f64, usize)> = segments
            .iter()
            .map(|segment| (segment.device.as_str(), segment.begin, segment.slot))
            .collect();
        assert_eq!(
            rows,
            [
                ("cuda:0", 0.0, 2),
                ("cpu", 0.0, 0),
                ("cpu", 1.0, 1),
                ("cpu", 2.01, 0),
                ("cuda:0", 4.0, 2)
            ]
        );
    }
}
