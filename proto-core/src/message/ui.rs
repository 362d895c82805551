//! What the terminal shows by itself, and the keys of it.

use super::messages;
use crate::model::{InputOption, InputOptionDraft};
use crate::wire::names::{KeyPress, UiDirection, UiState};

messages! {
    /// A screen appeared or went (`protocol/connector.md` §8.1).
    UiStateMessage, UiStateMessageDraft = UiState, ToPos, 1 {
        /// Which screen.
        ui_state: name(UiState) = "uiState";
        /// The text on it, in the terminal's language.
        ui_text: text = "uiText";
        /// Whether it appeared or went.
        ui_direction: name(UiDirection) = "uiDirection";
        /// The keys that may be pressed while it is up.
        input_options: list(InputOption, InputOptionDraft) = "inputOptions";
    }

    /// Presses a key of the screen that is up (`protocol/messages.md` §3).
    KeyPressMessage, KeyPressMessageDraft = KeyPress, Both, 1 {
        /// The key.
        key_press: name(KeyPress) = "keyPress";
    }
}
