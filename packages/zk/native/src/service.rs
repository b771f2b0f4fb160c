use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, async_trait};

use crate::engine::Engine;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::wire::prove_event::Event;
use crate::wire::runtime_server::Runtime;
use crate::wire::{
    DescribeRequest, Description, Execution, Job, LoadRequest, Loaded, ProveEvent, RECEIPT_BYTES, Verification,
    VerifyRequest,
};

/// Our own protocol.
pub struct Service {
    pub engine: Arc<Engine>,
    pub gate: Arc<Gate>,
}

/// Events that may lie unread. Progress beyond them is left out: the caller is slow, and only the newest matters.
const EVENTS: usize = 64;

#[async_trait]
impl Runtime for Service {
    async fn describe(&self, _: Request<DescribeRequest>) -> Result<Response<Description>, Status> {
        Ok(Response::new(self.engine.describe()?))
    }

    async fn load(&self, request: Request<LoadRequest>) -> Result<Response<Loaded>, Status> {
        let _pass = self.gate.enter()?;
        Ok(Response::new(self.engine.load(request.into_inner()).await?))
    }

    async fn execute(&self, request: Request<Job>) -> Result<Response<Execution>, Status> {
        let _pass = self.gate.enter()?;
        Ok(Response::new(self.engine.execute(request.into_inner()).await?))
    }

    type ProveStream = ReceiverStream<Result<ProveEvent, Status>>;

    async fn prove(&self, request: Request<Job>) -> Result<Response<Self::ProveStream>, Status> {
        let pass = self.gate.enter()?;
        let engine = Arc::clone(&self.engine);
        let (events, stream) = mpsc::channel(EVENTS);
        tokio::spawn(async move {
            let _pass = pass;
            let progress = |progress| {
                // One place is left for the proof.
                if events.capacity() > 1 {
                    let _ = events.try_send(Ok(ProveEvent { event: Some(Event::Progress(progress)) }));
                }
            };
            let job = request.into_inner();
            let task = printable(&job.task_id);
            let ended = tokio::select! {
                // The caller cancelled: what runs for it dies with the other future.
                () = events.closed() => return eprintln!("task {task}: cancelled"),
                ended = engine.prove(job, RECEIPT_BYTES, progress) => ended,
            };
            match &ended {
                Ok(proof) => eprintln!("task {task}: {} proof in {} ms", proof.kind, proof.proving_ms),
                Err(fault) => eprintln!("task {task}: {}", printable(&fault.message)),
            }
            let last = ended.map(|proof| ProveEvent { event: Some(Event::Proof(proof)) }).map_err(Status::from);
            // Where nobody listens any more, nobody misses it.
            let _ = events.send(last).await;
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn verify(&self, request: Request<VerifyRequest>) -> Result<Response<Verification>, Status> {
        let request = request.into_inner();
        if request.proof.is_empty() {
            return Err(Fault::program("no proof was sent").into());
        }
        Ok(Response::new(self.engine.verify(request).await?))
    }
}

/// Text of a stranger, as a part of one line.
fn printable(text: &str) -> String {
    text.chars().take(200).map(|char| if char.is_control() { ' ' } else { char }).collect()
}
