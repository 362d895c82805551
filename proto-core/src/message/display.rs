//! What the point of sale shows on the terminal.

use super::messages;
use crate::model::{
    DiscountsAddedOperation, DiscountsDeletedOperation, DisplayOrder, LineItemsAddedOperation,
    LineItemsDeletedOperation, OrderDeletedOperation,
};

messages! {
    /// Shows a line of text (`protocol/messages.md` §3).
    TerminalMessage, TerminalMessageDraft = TerminalMessage, ToTerminal, 1 {
        /// The text.
        text: text = "text";
    }

    /// Shows the idle screen (`protocol/messages.md` §3).
    ShowWelcomeScreen, ShowWelcomeScreenDraft = ShowWelcomeScreen, ToTerminal, 1 {}

    /// Shows the thank-you screen (`protocol/messages.md` §3).
    ShowThankYouScreen, ShowThankYouScreenDraft = ShowThankYouScreen, ToTerminal, 1 {}

    /// Shows the basket (`protocol/messages.md` §3). At most one of the operations says what changed.
    ShowOrderScreen, ShowOrderScreenDraft = ShowOrderScreen, ToTerminal, 1 {
        /// The whole basket.
        order: json(DisplayOrder) = "order";
        /// Items were added.
        line_items_added_operation: json(LineItemsAddedOperation) = "lineItemsAddedOperation";
        /// Items were taken out.
        line_items_deleted_operation: json(LineItemsDeletedOperation) = "lineItemsDeletedOperation";
        /// Discounts were given.
        discounts_added_operation: json(DiscountsAddedOperation) = "discountsAddedOperation";
        /// Discounts were taken back.
        discounts_deleted_operation: json(DiscountsDeletedOperation) = "discountsDeletedOperation";
        /// The basket is gone.
        order_deleted_operation: json(OrderDeletedOperation) = "orderDeletedOperation";
    }
}
