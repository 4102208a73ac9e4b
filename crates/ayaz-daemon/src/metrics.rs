//! The metrics of the process, rendered for Prometheus.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Histogram bounds in seconds: from a commit on a fast disk to a server that does not answer.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Histogram bounds in rows.
const ROWS: &[f64] = &[
    1.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0,
];

const LOG_LINES_LOST: &str = "ayaz_log_lines_lost_total";

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder of this process once, and returns the handle that renders it.
pub fn install() -> PrometheusHandle {
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
                .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("_rows".to_owned()), ROWS))
                .unwrap_or_else(|_| PrometheusBuilder::new())
                .build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is installed; /metrics stays empty");
            }
            metrics::describe_counter!(
                LOG_LINES_LOST,
                "Log lines that could not be written, because their destination failed or was too slow"
            );
            handle
        })
        .clone()
}

/// Renders all metrics.
pub(crate) fn render(handle: &PrometheusHandle) -> String {
    metrics::counter!(LOG_LINES_LOST).absolute(crate::log::lines_lost());
    handle.render()
}
