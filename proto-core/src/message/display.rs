//! What the terminal shows, and the keys of it.

use super::messages;
use crate::model::{InputOption, InputOptionDraft};
use crate::wire::json::{List, Text};
use crate::wire::names::{KeyPress, UiDirection, UiState};

messages! {
    /// Shows a line of text.
    TerminalMessage, TerminalMessageDraft = TerminalMessage, 1 {
        /// The text.
        text: Text<'m> = "text";
    }

    /// Shows the idle screen.
    ShowWelcomeScreen, ShowWelcomeScreenDraft = ShowWelcomeScreen, 1 {}

    /// Shows the thank-you screen.
    ShowThankYouScreen, ShowThankYouScreenDraft = ShowThankYouScreen, 1 {}

    /// A screen appeared or went (`protocol/connector.md` §8.1).
    UiStateMessage, UiStateMessageDraft = UiState, 1 {
        /// Which screen.
        ui_state: UiState<'m> = "uiState";
        /// The text on it, in the terminal's language.
        ui_text: Text<'m> = "uiText";
        /// Whether it appeared or went.
        ui_direction: UiDirection<'m> = "uiDirection";
        /// The keys that may be pressed from here while it is up.
        input_options: List<'m, InputOption<'m>>, &'m [InputOptionDraft<'m>] = "inputOptions";
    }

    /// Presses a key of the screen that is up.
    KeyPressMessage, KeyPressMessageDraft = KeyPress, 1 {
        /// The key, by name.
        key_press: KeyPress<'m> = "keyPress";
    }
}
