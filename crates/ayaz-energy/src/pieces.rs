//! Energy, distance and time of hours, apart by what the bus did.

mod piece;

pub use piece::Piece;
