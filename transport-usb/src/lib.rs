//! USB Pay Display: the link of the remote pay protocol over a USB cable.
//!
//! Not built yet. What it will be made of is in `proto_core` already: the packet stream is
//! [`proto_core::wire::Framer`] and [`proto_core::wire::Packets`], the contract is
//! [`proto_core::link::Link`].
#![forbid(unsafe_code)]
