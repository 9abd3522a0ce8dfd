//! The handler that gives a certificate to somebody outside of the mesh, in the name of a workload.

use std::time::Duration;

use crate::admin::answer::Answer;
use crate::admin::certifier::{CertificateWish, CertifyError};
use crate::admin::error::RequestError;
use crate::admin::handlers::Asked;
use crate::admin::request::decode;
use crate::admin::view::CertifiedView;
use crate::identity::SigningRequest;

/// How long a certificate lives unless it is said.
const LIFE: Duration = Duration::from_secs(3600);

/// Signs the request in the body as the workload in the path; `?life-ns=N`, `&force`.
pub(crate) fn certify(asked: &Asked<'_>) -> Answer {
    if !asked.call.is_from_context {
        return RequestError::NotFromHere.into();
    }
    let wish = match wish(asked) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    match asked.state.certifier.certify(&wish) {
        Ok(certified) => Answer::one(CertifiedView::of(&wish.id, &certified)),
        Err(error) => Answer::refusal(422, &error),
    }
}

fn wish(asked: &Asked<'_>) -> Result<CertificateWish, Answer> {
    let snapshot = asked.state.snapshots.load();
    let workload = snapshot.mesh.find_workload(&decode(asked.rest));
    let workload = workload.map_err(|unknown| Answer::refusal(404, &unknown))?;
    if !workload.reach.in_mesh() {
        let workload = workload.name.to_string();
        return Err(Answer::refusal(422, &CertifyError::NotInMesh { workload }));
    }
    let request = SigningRequest::parse("the body", asked.call.body.as_bytes())
        .map_err(|error| Answer::refusal(400, &error))?;
    let life = match asked.call.parameter("life-ns") {
        None => LIFE,
        Some(text) => match text.parse() {
            Ok(nanoseconds) => Duration::from_nanos(nanoseconds),
            Err(_not_a_number) => {
                let problem = format!("expected nanoseconds, found `{}`", text.escape_debug());
                return Err(RequestError::BadParameter { name: "life-ns", problem }.into());
            }
        },
    };
    let force = asked.call.parameter("force").is_some();
    Ok(CertificateWish { id: workload.identity.clone(), request, life, force })
}
