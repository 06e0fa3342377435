//! Layout of the panels. A small terminal has no room for the less important ones. It always has the header, the
//! selected panel and the keys.

use ratatui::layout::Rect;

use crate::report::view::StudyView;

use super::panel::Panel;

/// Smallest usable terminal, in columns and rows.
pub(super) const LEAST: (u16, u16) = (40, 10);

/// Smallest width, in columns, for two panels side by side.
const WIDE: u16 = 120;

/// Smallest height, in rows, for two panels above each other.
const TALL: u16 = 34;

/// Smallest width, in columns, for the rungs beside a chart.
const WITH_RUNGS: u16 = 80;

/// Smallest height, in rows, at which the latest events are always shown.
const WITH_EVENTS: u16 = 20;

/// Width of the table of rungs, in columns.
const RUNGS: u16 = 32;

/// Height of the header, in rows.
const HEADER: u16 = 3;

/// Columns between two panels.
const GAP: u16 = 2;

/// Amount of content that is not in a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Content {
    slots: usize,
    rungs: usize,
}

/// Areas of all parts of the screen; a part without room has an empty area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) header: Rect,
    pub(super) slots: Rect,
    pub(super) rungs: Rect,
    /// The selected panel.
    pub(super) large: Rect,
    /// The other panels.
    pub(super) others: Vec<(Panel, Rect)>,
    pub(super) footer: Rect,
}

/// The areas of all parts for a study, with one selected panel.
pub(super) fn areas(view: &StudyView, selected: Panel, area: Rect) -> Areas {
    let content = Content {
        slots: view.slots.len(),
        rungs: view.rungs.len(),
    };
    arrange(area, content, selected)
}

/// Computes the areas of all parts.
fn arrange(area: Rect, content: Content, large: Panel) -> Areas {
    let (is_wide, is_tall) = (area.width >= WIDE, area.height >= TALL);
    let [header, rest] = above(area, HEADER);
    let [rest, footer] = above(rest, rest.height.saturating_sub(1));
    let mut others: Vec<Panel> = Panel::ALL.into_iter().filter(|panel| *panel != large).collect();
    let mut areas = Areas {
        header,
        slots: Rect::ZERO,
        rungs: Rect::ZERO,
        large: Rect::ZERO,
        others: Vec::new(),
        footer,
    };
    let has_rungs = content.rungs > 0;

    // The slots, with the rungs beside them.
    let most = area.height.saturating_sub(LEAST.1) / 3;
    let shows_rungs_above = is_wide && has_rungs;
    let slots = content.slots.max(if shows_rungs_above { content.rungs + 1 } else { 0 });
    let slots = u16::try_from(slots).unwrap_or(u16::MAX).min(most.max(1));
    let [band, rest] = above(rest, if slots > 0 { slots + 1 } else { 0 });
    areas.slots = band;
    if shows_rungs_above {
        [areas.slots, areas.rungs] = beside(band, band.width.saturating_sub(RUNGS + GAP));
    }

    // The latest events, below everything else.
    let mut middle = rest;
    if area.height >= WITH_EVENTS
        && (is_tall || large != Panel::Events)
        && let Some(panel) = others.pop()
    {
        let strip = if is_tall { area.height / 5 } else { 4 };
        let below;
        [middle, below] = above(rest, rest.height.saturating_sub(strip));
        areas.others.push((panel, below));
    }

    // The selected panel, and as many of the other panels as fit.
    let mut others = others.into_iter();
    if is_wide {
        let (left, right);
        [left, right] = beside(middle, middle.width * 3 / 5);
        let upper = if is_tall { right.height / 2 } else { right.height };
        let halves = above(right, upper);
        areas.large = left;
        areas
            .others
            .extend(others.zip(halves).filter(|(_, half)| !half.is_empty()));
        return areas;
    }
    if is_tall && let Some(panel) = others.next() {
        let below;
        [middle, below] = above(middle, middle.height * 3 / 5);
        areas.others.push((panel, below));
    }
    areas.large = middle;
    let is_chart = match large {
        Panel::Incumbent | Panel::Curves => true,
        Panel::Trials | Panel::Events => false,
    };
    if has_rungs && is_chart && area.width >= WITH_RUNGS {
        [areas.large, areas.rungs] = beside(middle, middle.width.saturating_sub(RUNGS + GAP));
    }
    areas
}

/// Splits off the upper `height` rows.
fn above(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    let upper = Rect { height, ..area };
    let lower = Rect {
        y: area.y + height,
        height: area.height - height,
        ..area
    };
    [upper, lower]
}

/// Splits off the left `width` columns and a gap.
fn beside(area: Rect, width: u16) -> [Rect; 2] {
    let width = width.min(area.width);
    let gap = GAP.min(area.width - width);
    let left = Rect { width, ..area };
    let right = Rect {
        x: area.x + width + gap,
        width: area.width - width - gap,
        ..area
    };
    [left, right]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTENT: Content = Content { slots: 2, rungs: 3 };

    fn panels(width: u16, height: u16, large: Panel) -> Vec<Panel> {
        let areas = arrange(Rect::new(0, 0, width, height), CONTENT, large);
        areas.others.into_iter().map(|(panel, _)| panel).collect()
    }

    #[test]
    fn a_large_terminal_has_room_for_everything() {
        let expected = [Panel::Events, Panel::Trials, Panel::Curves];
        assert_eq!(panels(160, 50, Panel::Incumbent), expected);
        let expected = [Panel::Curves, Panel::Incumbent, Panel::Trials];
        assert_eq!(panels(160, 50, Panel::Events), expected);
    }

    #[test]
    fn a_small_one_keeps_the_panel_of_choice_and_the_last_events() {
        assert_eq!(panels(80, 24, Panel::Incumbent), [Panel::Events]);
        assert_eq!(panels(80, 24, Panel::Events), []);
        assert_eq!(panels(40, 10, Panel::Trials), []);
    }

    proptest! {
        #[test]
        fn areas_lie_in_the_area_and_never_overlap(
            width in LEAST.0..250,
            height in LEAST.1..100,
            slots in 0usize..40,
            rungs in 0usize..12,
            large in 0usize..4,
        ) {
            let area = Rect::new(0, 0, width, height);
            let Areas { header, slots, rungs, large, others, footer } =
                arrange(area, Content { slots, rungs }, Panel::ALL[large]);
            prop_assert!(large.width >= 38 && large.height >= 4, "{large:?}");
            let mut areas = vec![header, slots, rungs, large, footer];
            areas.extend(others.into_iter().map(|(_, rect)| rect));
            for (index, one) in areas.iter().enumerate() {
                prop_assert!(area.union(*one) == area, "{one:?}");
                prop_assert!(areas[..index].iter().all(|other| !one.intersects(*other)), "{areas:?}");
            }
        }
    }
}
