-- Quotas of dead letters count for the hour that runs. The worker removes those that are long over:
-- ingest may not delete anything.
grant delete on dead_letter_quota to ayaz_analytics;
