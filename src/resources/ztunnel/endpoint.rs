//! Which workload stands behind which service: said at one end or at the other, by uid or by hostname.

use std::collections::{BTreeMap, HashMap};

use crate::mesh::{ContainerPort, TargetPort};
use crate::resources::node::Node;
use crate::resources::ztunnel::service::{Service, endpoint_of};
use crate::resources::ztunnel::workload::Workload;

/// Labels the workloads behind each of the `services`, and gives both their ports.
pub(crate) fn join(workloads: &mut [(&Node, Workload)], services: &mut [(&Node, Service)]) {
    let place = |(place, (_, workload)): (usize, &(&Node, Workload))| (workload.uid.clone(), place);
    let places: HashMap<String, usize> = workloads.iter().enumerate().map(place).collect();
    let mut behind: HashMap<String, BTreeMap<u16, u16>> = HashMap::new();
    for (_, service) in services.iter() {
        for (uid, ports) in &service.endpoints {
            let workload = places.get(uid).and_then(|place| workloads.get_mut(*place));
            if let Some((_, workload)) = workload {
                workload.services.entry(service.key.clone()).or_default().extend(ports);
            }
        }
        behind.insert(service.key.clone(), service.ports.clone());
    }
    for (_, workload) in workloads {
        for (key, ports) in &workload.services {
            let (label, value) = endpoint_of(key);
            workload.spec.labels.insert(label, value);
            let known = behind.entry(key.clone()).or_default();
            let own = known.iter().filter(|(port, _)| !ports.contains_key(port)).chain(ports);
            let own = own.map(|(_, target)| *target).filter(|target| *target != 0);
            workload.spec.ports.extend(own.map(|number| ContainerPort { number, name: None }));
            // The first endpoint stands for the others where the service itself does not know.
            for (port, target) in ports {
                known.entry(*port).and_modify(|known| *known = if *known == 0 { *target } else { *known });
            }
        }
    }
    for (_, service) in services {
        for port in &mut service.spec.ports {
            let target = behind.get(&service.key).and_then(|ports| ports.get(&port.number)).copied();
            if let Some(target) = target.filter(|target| *target != 0) {
                port.target = TargetPort::Number(target);
            }
        }
    }
}
