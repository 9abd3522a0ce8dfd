//! [`all`]: many things at the same time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Something that is being done.
pub(crate) type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Does all of it at the same time; the results are in the order of what was given.
pub(crate) async fn all<T>(doing: Vec<Doing<'_, T>>) -> Vec<T> {
    let mut doing: Vec<Result<T, Doing<'_, T>>> = doing.into_iter().map(Err).collect();
    poll_fn(|context| {
        for one in &mut doing {
            if let Err(future) = one
                && let Poll::Ready(done) = future.as_mut().poll(context)
            {
                *one = Ok(done);
            }
        }
        if doing.iter().all(Result::is_ok) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    doing.into_iter().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Barrier;

    #[tokio::test]
    async fn each_waits_for_all_others() {
        let barrier = Barrier::new(3);
        let wait = |number: usize| -> Doing<'_, usize> {
            let barrier = &barrier;
            Box::pin(async move {
                barrier.wait().await;
                number
            })
        };
        assert_eq!(all(vec![wait(1), wait(2), wait(3)]).await, [1, 2, 3]);
        assert_eq!(all(Vec::<Doing<'_, ()>>::new()).await, []);
    }
}
