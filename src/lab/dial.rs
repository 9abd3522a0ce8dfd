//! Sending bytes as a workload and seeing what comes back.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::lab::error::LabError;
use crate::lab::mesh::Lab;

/// What one attempt saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// These bytes, then a clean end.
    Answered(Vec<u8>),
    /// A reset, after these bytes.
    Reset(Vec<u8>),
    /// The SOCKS reply was not success.
    Refused(u8),
}

impl Lab {
    /// Connects as a program in `workload` to `host:port`, through its outbound door.
    ///
    /// # Errors
    ///
    /// An unknown workload; a door that does not answer. `Ok(Err(reply))` is the door's SOCKS refusal.
    pub async fn dial(
        &self,
        workload: &str,
        host: &str,
        port: u16,
    ) -> Result<Result<TcpStream, u8>, LabError> {
        let mut stream = TcpStream::connect(self.outbound(workload)?).await?;
        stream.write_all(&[5, 1, 0]).await?;
        let mut method = [0; 2];
        stream.read_exact(&mut method).await?;
        let length = u8::try_from(host.len()).map_err(io::Error::other)?;
        let mut request = vec![5, 1, 0, 3, length];
        request.extend(host.as_bytes());
        request.extend(port.to_be_bytes());
        stream.write_all(&request).await?;
        let mut reply = [0; 10];
        stream.read_exact(&mut reply).await?;
        match reply {
            [_, 0, ..] => Ok(Ok(stream)),
            [_, code, ..] => Ok(Err(code)),
        }
    }

    /// Sends `bytes` from `workload` to `host:port`, finishes sending, and reads to the end.
    ///
    /// # Errors
    ///
    /// As [`Lab::dial`].
    pub async fn send(
        &self,
        workload: &str,
        host: &str,
        port: u16,
        bytes: &[u8],
    ) -> Result<Attempt, LabError> {
        match self.dial(workload, host, port).await? {
            Ok(stream) => Ok(exchange(stream, bytes).await),
            Err(code) => Ok(Attempt::Refused(code)),
        }
    }

    /// Sends `bytes` straight to `addr`, as a client outside the mesh.
    ///
    /// # Errors
    ///
    /// Nothing listens there.
    pub async fn send_raw(&self, addr: SocketAddr, bytes: &[u8]) -> Result<Attempt, LabError> {
        Ok(exchange(TcpStream::connect(addr).await?, bytes).await)
    }
}

async fn exchange(mut stream: TcpStream, bytes: &[u8]) -> Attempt {
    let mut answer = Vec::new();
    // A peer that resets while we still write shows it on the read, too.
    let sent = stream.write_all(bytes).await.is_ok() && stream.shutdown().await.is_ok();
    match stream.read_to_end(&mut answer).await {
        Ok(_) if sent => Attempt::Answered(answer),
        Ok(_) | Err(_) => Attempt::Reset(answer),
    }
}
