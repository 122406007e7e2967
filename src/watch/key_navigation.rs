//! Navigation between centers by keys.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The selected center and the help overlay.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NavigationState {
    /// Selected center. `None` for all centers.
    pub center: Option<String>,
    /// True while the help is displayed.
    pub help: bool,
}

impl NavigationState {
    /// Handles a key, given the names of all centers. Returns true if the key quits the program.
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

    /// Selects the next or previous center. The cycle includes "all centers" before the first one.
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

    /// Returns the state after a key, or `None` if the key quits.
    fn after_key(
        mut state: NavigationState,
        key: KeyEvent,
        centers: &[&str],
    ) -> Option<NavigationState> {
        (!state.press_key(key, centers)).then_some(state)
    }

    #[test]
    fn keys_cycle_through_centers() {
        let forward = [KeyCode::Tab, KeyCode::Right, KeyCode::Down];
        let back = [KeyCode::BackTab, KeyCode::Left, KeyCode::Up];
        // A center that is no longer on the board counts as "all centers".
        let steps = [
            ("", "chizhou", "wuhu"),
            ("chizhou", "hefei", ""),
            ("hefei", "wuhu", "chizhou"),
            ("wuhu", "", "hefei"),
        ];
        for (from, next, last) in steps.into_iter().chain([("gone", "chizhou", "wuhu")]) {
            for (codes, to) in [(forward, next), (back, last)] {
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
        for code in forward.into_iter().chain(back) {
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
        let open = after_key(state_at("hefei"), key, &CENTERS).expect("the key does not quit");
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
