//! What the keys mean.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    End,
    /// Closes the help, or ends where there is none.
    Leave,
    Help,
    Pause,
    HideIdle,
    Reverse,
    NextColumn,
    PreviousColumn,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

/// `None` for keys that mean nothing.
pub(super) fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Action::End);
    }
    match key.code {
        KeyCode::Char('q') => Some(Action::End),
        KeyCode::Esc => Some(Action::Leave),
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Some(Action::Help),
        KeyCode::Char('p' | ' ') => Some(Action::Pause),
        KeyCode::Char('i') => Some(Action::HideIdle),
        KeyCode::Char('r') => Some(Action::Reverse),
        // The unshifted keys of a US keyboard do as well.
        KeyCode::Char('>' | '.') | KeyCode::Right => Some(Action::NextColumn),
        KeyCode::Char('<' | ',') | KeyCode::Left => Some(Action::PreviousColumn),
        KeyCode::Up | KeyCode::Char('k') => Some(Action::Up),
        KeyCode::Down | KeyCode::Char('j') => Some(Action::Down),
        KeyCode::PageUp => Some(Action::PageUp),
        KeyCode::PageDown => Some(Action::PageDown),
        KeyCode::Home | KeyCode::Char('g') => Some(Action::First),
        KeyCode::End | KeyCode::Char('G') => Some(Action::Last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_c_ends_and_other_control_keys_do_nothing() {
        let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        assert_eq!(action(control('c')), Some(Action::End));
        assert_eq!(action(control('p')), None);
    }

    #[test]
    fn a_key_acts_once() {
        let mut key = KeyEvent::new(KeyCode::Char('>'), KeyModifiers::SHIFT);
        assert_eq!(action(key), Some(Action::NextColumn));
        key.kind = KeyEventKind::Release;
        assert_eq!(action(key), None);
    }
}
