//! The failure catalogue, on real sockets: every entry comes out as documented.

use glasstunnel::repro::entries;
use glasstunnel::scenario::run;

#[tokio::test]
async fn look() {
    for entry in entries() {
        let report = run(&entry.scenario().unwrap().unwrap()).await.unwrap();
        println!("== {} {:?} {:?}", entry.row.id, report.conclusion, report.took());
        for client in &report.clients {
            println!("{} {:?}", client.does, client.rows);
            println!("{}", client.shown());
        }
    }
}
