//! Listeners: the claim on a block of loopback addresses, and the doors in it.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::app::error::StartError;
use crate::app::port_holder::who_holds;
use crate::mesh::Place;
use crate::net::{Network, Sharing};
use crate::proxy::{self, Door, Networks};

/// Second octets of the blocks; above what distributions use (127.0.0.53, 127.0.1.1) and easy to read.
const FIRST_BLOCK: u8 = 101;
const LAST_BLOCK: u8 = 199;

/// The sole right to one block of loopback addresses, held as long as this listener lives.
#[derive(Debug)]
pub struct Claim {
    /// The second octet of the block's addresses.
    pub block: u8,
    /// The listener on the block's admin port, which nobody else can have: it is opened without SO_REUSEPORT.
    pub(crate) listener: TcpListener,
}

impl Claim {
    /// The block.
    pub(crate) fn place(&self) -> Place {
        Place::Loopback { block: self.block }
    }
}

/// Claims the first free block of loopback addresses, for as long as what it returns lives.
///
/// # Errors
///
/// [`StartError::NoBlock`] when all are taken.
pub fn claim() -> Result<Claim, StartError> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for block in FIRST_BLOCK..=LAST_BLOCK {
        let place = Place::Loopback { block };
        let admin = SocketAddr::new(place.node_ip(), proxy::ADMIN);
        match Network::default().listen(admin, Sharing::Sole) {
            Ok(listener) => return Ok(Claim { block, listener }),
            Err(error) => last = error,
        }
    }
    let found = usize::from(LAST_BLOCK - FIRST_BLOCK) + 1;
    Err(StartError::NoBlock { first: FIRST_BLOCK, last: LAST_BLOCK, found, source: last })
}

/// Opens every door once for each of `workers`; the kernel spreads connections over the listeners of one door.
///
/// # Errors
///
/// The first door that cannot be opened; the others are closed again.
pub(crate) fn open(
    doors: &[Door],
    workers: usize,
    networks: &Networks,
) -> Result<Vec<VecDeque<(Door, TcpListener)>>, StartError> {
    let mut shares: Vec<VecDeque<_>> = (0..workers).map(|_| VecDeque::with_capacity(doors.len())).collect();
    for door in doors {
        let network = networks.behind(door);
        for share in &mut shares {
            let listener = network.listen(door.addr.0, Sharing::Workers);
            let listener = listener.map_err(|error| refused(door, error))?;
            share.push_back((door.clone(), listener));
        }
    }
    Ok(shares)
}

fn refused(door: &Door, source: io::Error) -> StartError {
    let addr = door.addr.0;
    let door = match door.kind.workload() {
        Some(workload) => format!("the {} door of {workload}", door.kind.word()),
        None => format!("the shared {} door", door.kind.word()),
    };
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { addr, door, holder: who_holds(addr), source },
        _ => StartError::Bind { addr, door, source },
    }
}
