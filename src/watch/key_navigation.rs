//! Where somebody looks, and what a key changes about it. Pure.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where somebody looks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NavigationState {
    /// The center that is shown; none is all of them.
    pub center: Option<String>,
    /// Whether the help stands above it.
    pub help: bool,
}

impl NavigationState {
    /// Does what a key says, as these are the centers; whether that is the end.
    #[must_use]
    pub fn press_key(&mut self, key: KeyEvent, centers: &[&str]) -> bool {
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('?') => self.help = !self.help,
            KeyCode::Char('0') | KeyCode::Home => self.center = None,
            KeyCode::Tab | KeyCode::Right | KeyCode::Down => self.step_center(1, centers),
            KeyCode::BackTab | KeyCode::Left | KeyCode::Up => self.step_center(-1, centers),
            _ => {}
        }
        false
    }

    /// To another center; all of them stand before the first and after the last.
    fn step_center(&mut self, by: isize, centers: &[&str]) {
        let here = self
            .center
            .as_deref()
            .and_then(|center| centers.iter().position(|other| *other == center))
            .map_or(0, |place| place + 1);
        let next = (here as isize + by).rem_euclid(centers.len() as isize + 1) as usize;
        self.center = next.checked_sub(1).map(|place| centers[place].to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTERS: [&str; 3] = ["chizhou", "hefei", "wuhu"];

    fn state_at(center: &str) -> NavigationState {
        NavigationState { center: (!center.is_empty()).then(|| center.to_owned()), help: false }
    }

    /// Where a key leads; none if it is the end.
    fn after_key(
        mut focus: NavigationState,
        key: KeyEvent,
        centers: &[&str],
    ) -> Option<NavigationState> {
        (!focus.press_key(key, centers)).then_some(focus)
    }

    #[test]
    fn keys_cycle_through_centers() {
        let forth = [KeyCode::Tab, KeyCode::Right, KeyCode::Down];
        let back = [KeyCode::BackTab, KeyCode::Left, KeyCode::Up];
        // None stands before the first and after the last; one that has gone from the board is as none.
        let ways = [
            ("", "chizhou", "wuhu"),
            ("chizhou", "hefei", ""),
            ("hefei", "wuhu", "chizhou"),
            ("wuhu", "", "hefei"),
        ];
        for (from, next, last) in ways.into_iter().chain([("gone", "chizhou", "wuhu")]) {
            for (codes, to) in [(forth, next), (back, last)] {
                for code in codes {
                    assert_eq!(
                        after_key(state_at(from), code.into(), &CENTERS),
                        Some(state_at(to)),
                        "{code} at `{from}`"
                    );
                }
            }
        }
        for code in [KeyCode::Char('0'), KeyCode::Home] {
            assert_eq!(
                after_key(state_at("hefei"), code.into(), &CENTERS),
                Some(state_at("")),
                "{code}"
            );
        }
        for code in forth.into_iter().chain(back) {
            assert_eq!(
                after_key(state_at(""), code.into(), &[]),
                Some(state_at("")),
                "{code} without a board"
            );
        }
    }

    #[test]
    fn help_key_toggles_help_and_keeps_center() {
        let key = KeyEvent::from(KeyCode::Char('?'));
        let open = after_key(state_at("hefei"), key, &CENTERS).expect("not the end");
        assert_eq!(open, NavigationState { help: true, ..state_at("hefei") });
        assert_eq!(after_key(open, key, &CENTERS), Some(state_at("hefei")));
    }

    #[test]
    fn only_q_escape_and_control_c_quit() {
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        for key in [KeyCode::Char('q').into(), KeyCode::Esc.into(), control] {
            assert_eq!(after_key(state_at("hefei"), key, &CENTERS), None, "{key:?}");
        }
        for code in [KeyCode::Char('c'), KeyCode::Char('1'), KeyCode::Enter, KeyCode::F(1)] {
            assert_eq!(
                after_key(state_at("hefei"), code.into(), &CENTERS),
                Some(state_at("hefei")),
                "{code}"
            );
        }
    }
}
