//! An HBONE server that breaks its own protocol.
